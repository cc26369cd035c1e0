import { createECDH, randomBytes } from 'node:crypto'
import type { Tenant } from '../store/ports/tenants.ts'

/** Returns a new tenant with a secret for user tokens and VAPID keys. */
export const newTenant = (id: string): Tenant => ({
  id,
  secrets: [newTenantSecret()],
  vapid: newVapidKeys(),
  createdAt: new Date().toISOString(),
  settings: {},
  limits: {},
})

/** Generates a P-256 key pair for Web Push (RFC 8292): the point uncompressed, the private key in 32 bytes. */
export const newVapidKeys = () => {
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys('base64url')
  // ECDH omits leading zero bytes; the standard requires them.
  const number = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32)
  return { publicKey, privateKey: number.toString('base64url') }
}

/** Generates a secret that signs user tokens. */
export const newTenantSecret = () => ({
  kid: randomBytes(6).toString('base64url'),
  secret: randomBytes(32).toString('base64url'),
})
