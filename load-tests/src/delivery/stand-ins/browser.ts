import { createECDH, createPublicKey, type ECDH, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { jwtVerify } from 'jose'
import { type StandIn, standIn } from './http.ts'

const require = createRequire(import.meta.url)
const { decrypt } = require('http_ece') as {
  decrypt(data: Buffer, how: { version: string; privateKey: ECDH; authSecret: Buffer }): Buffer
}

/** A decrypted push, with the application server key that signed it. */
type Push = { key: string; payload: unknown }

/** Verifies the `Authorization` of a push (RFC 8292) for this origin. Returns the application server key. */
const verifyVapid = async (header: string, audience: string): Promise<string> => {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? []
  const point = Buffer.from(key, 'base64url')
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
  const known = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  await jwtVerify(token, known, { algorithms: ['ES256'], audience })
  return key
}

/** A push service with one subscribed browser. It verifies and decrypts pushes. */
export const subscribedBrowser = async () => {
  const browser = createECDH('prime256v1')
  const p256dh = browser.generateKeys('base64url')
  const authSecret = randomBytes(16)
  const service: StandIn<Push> = await standIn({
    parse: async ({ headers, body }, url) => ({
      key: await verifyVapid(headers.authorization ?? '', url),
      payload: JSON.parse(
        decrypt(body, { version: 'aes128gcm', privateKey: browser, authSecret }).toString(),
      ) as unknown,
    }),
    answer: () => ({ status: 201, headers: { location: `/message/${randomBytes(6).toString('hex')}` } }),
  })
  return {
    ...service,
    /** The account and the user's device to store. */
    account: { provider: 'web-push', config: { origins: [service.url] } },
    device: {
      kind: 'web-push' as const,
      endpoint: `${service.url}/subscription/1`,
      keys: { p256dh, auth: authSecret.toString('base64url') },
    },
  }
}
