import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { tokenFrom } from './token-endpoint.ts'

const TIMEOUT_MS = 200
let server: Server | undefined

/** Starts an endpoint of an app. */
const endpoint = async (answer: RequestListener) => {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

const sends =
  (status: number, body: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(body)

describe('a token endpoint', () => {
  it('returns the token of the signed-in user', async () => {
    const url = await endpoint(sends(200, '{"token":"x"}'))
    expect(await tokenFrom(url)()).toBe('x')
  })

  it.each<[string, RequestListener, string, boolean, RegExp]>([
    ['HTML', sends(200, '<html>Log in</html>'), 'unauthenticated', false, /must return \{"token": "…"\}$/],
    ['nothing', sends(204, ''), 'unauthenticated', false, /must return \{/],
    ['null', sends(200, 'null'), 'unauthenticated', false, /must return \{/],
    ['a token that is not a string', sends(200, '{"token":{}}'), 'unauthenticated', false, /must return \{/],
    ['401', sends(401, ''), 'unauthenticated', false, /\/token answered 401$/],
    ['403', sends(403, '{"detail":"no session"}'), 'unauthenticated', false, /answered 403: no session$/],
    ['404', sends(404, ''), 'token_url', false, /\/token answered 404$/],
    ['404 and null', sends(404, 'null'), 'token_url', false, /\/token answered 404$/],
    ['429', sends(429, ''), 'unavailable', true, /answered 429$/],
    ['500', sends(500, '{"token":"x"}'), 'unavailable', true, /answered 500$/],
    ['a connection reset', (request) => request.socket.destroy(), 'unavailable', true, /does not respond/],
    ['no response', () => {}, 'unavailable', true, /does not respond/],
  ])('is reported if it answers with %s', async (_, answer, code, temporary, message) => {
    const url = await endpoint(answer)
    await expect(tokenFrom(url, TIMEOUT_MS)()).rejects.toMatchObject({
      ...{ code, temporary },
      message: expect.stringMatching(message),
    })
  })
})
