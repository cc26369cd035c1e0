import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '@carillon/schemas'

/** Why a request or an upgrade is not let in, if it is not. */
export type Refusal = (request: IncomingMessage, kind: 'request' | 'upgrade') => Problem | undefined

const headersOf = (body: string) => ({
  'content-type': 'application/problem+json',
  'content-length': Buffer.byteLength(body),
  connection: 'close',
})

/** Answers an upgrade with a plain HTTP response, as `ws` does. */
const answerUpgrade = (socket: Duplex, { status, title }: Problem, body: string) => {
  const headers = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${headers.join('')}\r\n${body}`)
}

/**
 * Asks `refusal` about every request and upgrade before the listeners that `server` has now, those of Engine.IO
 * included. A refused one is answered with the problem and reaches none of them.
 */
export const guardServer = (server: Server, refusal: Refusal): void => {
  const requests = server.listeners('request')
  const upgrades = server.listeners('upgrade')
  server.removeAllListeners('request').removeAllListeners('upgrade')

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const problem = refusal(request, 'request')
    if (!problem) {
      for (const listener of requests) listener.call(server, request, response)
      return
    }
    const body = JSON.stringify(problem)
    response.writeHead(problem.status, headersOf(body)).end(body)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const problem = refusal(request, 'upgrade')
    if (problem) return answerUpgrade(socket, problem, JSON.stringify(problem))
    for (const listener of upgrades) listener.call(server, request, socket, head)
  })
}
