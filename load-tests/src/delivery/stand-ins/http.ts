import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export type Asked = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer }
/** `body` is sent as JSON. */
export type Answer = { status: number; headers?: Record<string, string>; body?: unknown }

/**
 * How a stand-in behaves from now on.
 *
 * - `works`: takes what it is sent, and says so.
 * - `down`: nothing listens.
 * - `silent`: reads a request, takes nothing, and never answers.
 * - `mute`: takes it, and never answers.
 * - `drops`: takes it, and closes the connection in place of an answer.
 * - `slow`: takes it, and answers once it is told to work again.
 * - an answer: takes nothing, and gives that.
 * - a function: takes nothing of what it has an answer to, and gives that; works otherwise.
 */
type Conduct =
  | 'works'
  | 'down'
  | 'silent'
  | 'mute'
  | 'drops'
  | 'slow'
  | Answer
  | ((asked: Asked) => Answer | undefined)

export type StandIn<Taken> = {
  /** Where it listens; the same after it was down. */
  url: string
  /** Every request that was read to its end. */
  asked: readonly Asked[]
  /** What it has taken, as it understood it. */
  taken: readonly Taken[]
  /** What went wrong in understanding requests: bad signatures, credentials, formats. */
  complaints: readonly unknown[]
  /** How many answers it has given. */
  answered(): number
  behave(conduct: Conduct): Promise<void>
  close(): Promise<void>
}

const reply = (response: ServerResponse, { status, headers, body }: Answer) => {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

/**
 * An HTTP server in a provider's place, on a port of 127.0.0.1. `understand` checks a request as the provider would and
 * says what it asks for; a request it throws at is answered with 400 and kept as a complaint.
 */
export const standIn = async <Taken>(parts: {
  understand: (asked: Asked, url: string) => Taken | Promise<Taken>
  answer: (taken: Taken) => Answer
}): Promise<StandIn<Taken>> => {
  const asked: Asked[] = []
  const taken: Taken[] = []
  const complaints: unknown[] = []
  let answered = 0
  let conduct: Conduct = 'works'
  const changes = new EventEmitter().setMaxListeners(0)

  const server = createServer(async (incoming, response) => {
    const { method = '', url: path = '', headers } = incoming
    const request = { method, path, headers, body: await buffer(incoming) }
    asked.push(request)
    const give = (answer: Answer) => {
      answered++
      reply(response, answer)
    }
    if (conduct === 'silent') return
    const told = typeof conduct === 'function' ? conduct(request) : conduct
    if (typeof told === 'object') return give(told)
    let got: Taken
    try {
      got = await parts.understand(request, url)
    } catch (error) {
      complaints.push(error)
      return give({ status: 400 })
    }
    taken.push(got)
    if (conduct === 'mute') return
    if (conduct === 'drops') return void incoming.socket.destroy()
    if (conduct === 'slow') await once(changes, 'change')
    give(parts.answer(got))
  })

  let port = 0
  const listen = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen()
  const url = `http://127.0.0.1:${port}`

  return {
    url,
    asked,
    taken,
    complaints,
    answered: () => answered,
    behave: async (next) => {
      if (next === 'down') await close()
      else if (conduct === 'down') await listen()
      conduct = next
      changes.emit('change')
    },
    close,
  }
}
