import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forwardUpgrade } from '../rig/upgrade.ts'

/** A reverse proxy that serves a hub below a path prefix. */
export type PrefixProxy = {
  /** The URL of the hub, without a trailing slash. */
  url: string
  /** Requested paths outside the prefix, which get a 404. */
  strays: string[]
  /** Sets the port of the hub. */
  forwardTo(port: number): void
  close(): Promise<void>
}

/** Starts a proxy that removes `prefix` (such as `/notify`) from every path, including WebSockets. */
export const startPrefixProxy = async (prefix: string): Promise<PrefixProxy> => {
  const strays: string[] = []
  let target = 0
  const within = ({ url = '' }: IncomingMessage) =>
    url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : void strays.push(url)

  const server = createServer((incoming, response) => {
    const path = within(incoming)
    if (path === undefined) return response.writeHead(404).end()
    const { method, headers } = incoming
    const outgoing = request({ host: '127.0.0.1', port: target, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket) => {
    const path = within(incoming)
    if (path === undefined) return socket.destroy()
    forwardUpgrade(incoming, socket, target, path)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    strays,
    forwardTo: (port) => {
      target = port
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
