import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * How a network fails. `silent`: bytes stay where they are, and come later if the network returns in time. `reset`: connections
 * break. New connections do not get through in either case.
 */
type Cut = 'silent' | 'reset'

export type CutProxy = {
  port: number
  url: string
  cut(how: Cut): void
  /** Lets bytes through again, also those that waited. */
  heal(): void
  /** Drops the bytes of all open connections from now on, without closing them. New connections get through. */
  strand(): void
  close(): Promise<void>
}

/** Starts a TCP proxy for a local port, whose network can be cut. */
export const startCutProxy = async (target: number): Promise<CutProxy> => {
  let isCut = false
  const pairs = new Set<readonly [Socket, Socket]>()
  const flow = (pair: readonly [Socket, Socket]) => {
    const [client, server] = pair
    client.pipe(server)
    server.pipe(client)
  }
  const hold = ([client, server]: readonly [Socket, Socket]) => {
    client.unpipe(server)
    server.unpipe(client)
    client.pause()
    server.pause()
  }
  const stranded = new Set<readonly [Socket, Socket]>()
  const destroyAll = () => {
    for (const pair of [...pairs, ...stranded]) for (const socket of pair) socket.destroy()
  }

  const listener = createServer((client) => {
    const pair = [client, connect(target, '127.0.0.1')] as const
    pairs.add(pair)
    for (const socket of pair)
      socket
        .setNoDelay()
        .on('error', () => {})
        .on('close', () => {
          pairs.delete(pair)
          stranded.delete(pair)
          for (const each of pair) each.destroy()
        })
    isCut ? hold(pair) : flow(pair)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    cut(how) {
      isCut = true
      if (how === 'reset') destroyAll()
      else for (const pair of pairs) hold(pair)
    },
    heal() {
      isCut = false
      for (const pair of pairs) flow(pair)
    },
    strand() {
      for (const pair of pairs) {
        hold(pair)
        for (const socket of pair) socket.resume()
        stranded.add(pair)
      }
      pairs.clear()
    },
    async close() {
      destroyAll()
      listener.close()
      await once(listener, 'close')
    },
  }
}
