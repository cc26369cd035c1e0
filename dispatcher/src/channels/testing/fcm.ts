import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { jwtVerify } from 'jose'
import { certificate } from './apns.ts'

/** A message that FCM was sent, as it stands in the body. */
export type Sent = {
  path: string
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's to say
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
 * An error as FCM writes it: `status` of google.rpc.Code, `errorCode` of FcmError.
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

/** FCM and Google's token server on a free port of 127.0.0.1; a token costs an assertion that `key` has signed. */
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
    const one = { path: request.url ?? '', headers: request.headers, message: JSON.parse(body).message }
    sent.push(one)
    answer(response, one)
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
    answerWith: (given: Answer) => {
      answer = given
    },
    answerTokensWith: (given: (response: ServerResponse) => void) => {
      tokenAnswer = given
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
