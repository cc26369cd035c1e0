import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { jwtVerify } from 'jose'
import { certificate } from './apns.ts'

/** A message that the stand-in received. */
type Sent = {
  path: string
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on arbitrary properties
  message: any
}

type Answer = (response: ServerResponse, sent: Sent) => void

const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/**
 * Creates an error response of FCM, with a `status` of google.rpc.Code and an `errorCode` of FcmError.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 */
export const fcmError =
  (
    code: number,
    status: string,
    errorCode?: string,
    message = status,
    headers: Record<string, string> = {},
  ): Answer =>
  (response) => {
    const details = errorCode && [
      { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode },
    ]
    json(response, code, { error: { code, message, status, ...(details && { details }) } }, headers)
  }

/**
 * Starts a stand-in for FCM and Google's token server on a free port of 127.0.0.1. It issues tokens for assertions that are
 * signed with `key`.
 */
export const fcmStandIn = async (key: KeyObject, account: string) => {
  const { key: tlsKey, cert } = await certificate()
  const sockets = new Set<Socket>()
  const sent: Sent[] = []
  let connections = 0
  let tokens = 0
  const accepted: Answer = (response) => json(response, 200, { name: `projects/app/messages/${sent.length}` })
  let answer = accepted
  let tokenAnswer: ((response: ServerResponse) => void) | undefined

  const server = createServer({ key: tlsKey, cert }, async (request, response) => {
    const body = await text(request)
    if (request.url === '/token') {
      if (tokenAnswer) return tokenAnswer(response)
      const assertion = new URLSearchParams(body).get('assertion') ?? ''
      const audience = 'https://oauth2.googleapis.com/token'
      const verified = await jwtVerify(assertion, key, { issuer: account, audience }).catch(() => undefined)
      if (!verified)
        return json(response, 400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
      tokens++
      return json(response, 200, { access_token: `token-${tokens}`, expires_in: 3_600, token_type: 'Bearer' })
    }
    if (request.headers.authorization !== `Bearer token-${tokens}`)
      return fcmError(401, 'UNAUTHENTICATED')(response, { path: '', headers: {}, message: undefined })
    const received = { path: request.url ?? '', headers: request.headers, message: JSON.parse(body).message }
    sent.push(received)
    answer(response, received)
  })
  server.on('secureConnection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: cert,
    sent,
    accepted,
    connections: () => connections,
    tokens: () => tokens,
    answerWith: (next: Answer) => {
      answer = next
    },
    answerTokensWith: (next: (response: ServerResponse) => void) => {
      tokenAnswer = next
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
