import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ProblemError } from '@carillon/core/errors'
import { problemHeaders } from './problems.ts'

/** Returns the reason to reject a request or an upgrade; undefined to accept it. */
export type Refusal = (request: IncomingMessage, kind: 'request' | 'upgrade') => ProblemError | undefined

const answerOf = (error: ProblemError) => {
  const { status, title } = error.problem
  const body = JSON.stringify(error.problem)
  const headers = {
    ...problemHeaders(error),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  return { status, title, headers, body }
}

/** Responds to an upgrade with plain HTTP, as `ws` does. */
const answerUpgrade = (socket: Duplex, error: ProblemError) => {
  const { status, title, headers, body } = answerOf(error)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`)
}

/**
 * Applies `refusals`, in order, to every request and upgrade, before the listeners that `server` has now
 * (including Engine.IO's). The first refusal is sent as the response, and the request reaches no listener.
 */
export const guardServer = (server: Server, refusals: readonly Refusal[]): void => {
  const refusal: Refusal = (request, kind) => {
    for (const each of refusals) {
      const refused = each(request, kind)
      if (refused) return refused
    }
    return undefined
  }
  const requests = server.listeners('request')
  const upgrades = server.listeners('upgrade')
  server.removeAllListeners('request').removeAllListeners('upgrade')

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const refused = refusal(request, 'request')
    if (!refused) {
      for (const listener of requests) listener.call(server, request, response)
      return
    }
    const { status, headers, body } = answerOf(refused)
    response.writeHead(status, headers).end(body)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refused = refusal(request, 'upgrade')
    if (refused) return answerUpgrade(socket, refused)
    for (const listener of upgrades) listener.call(server, request, socket, head)
  })
}
