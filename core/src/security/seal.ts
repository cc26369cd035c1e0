import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { SetupError } from '../errors.ts'

/** Encrypts values at rest. `context` binds a value to where it is stored. */
export type Seal = {
  seal(plain: string, context: string): string
  open(sealed: string, context: string): string
  /** Returns a keyed hash, to look up a value that is not stored. 43 characters of base64url. */
  digest(plain: string, context: string): string
  /** Returns a signing key of 32 bytes, derived for one purpose and one tenant. */
  signingKey(purpose: string, tenant: string): KeyObject
}

/** Maximum number of cached signing keys. jose prepares each key object once. */
const SIGNING_KEYS_MAX = 1_000

/** Identifies a key without revealing anything about it. */
const keyIdOf = (key: Buffer) => hash('sha256', key, 'base64url').slice(0, 8)

/**
 * Creates a seal of AES-256-GCM under a key derived from the root secret (HKDF-SHA-256, RFC 5869). A sealed value is
 * `v1.<key id>.<iv>.<ciphertext and tag>` in base64url. `context` is authenticated, so a value cannot be moved elsewhere.
 * `open` throws if another secret or context sealed the value. `digest` is HMAC-SHA-256 under a second derived key.
 * Each signing key is derived separately.
 */
export const createSeal = (rootSecret: string): Seal => {
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', rootSecret, '', purpose, 32))
  const key = derived('carillon seal v1')
  const digestKey = derived('carillon digest v1')
  const keyId = keyIdOf(key)
  const signingKeys = new LRUCache<string, KeyObject>({ max: SIGNING_KEYS_MAX })
  return {
    seal: (plain, context) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${keyId}.${iv.toString('base64url')}.${sealed.toString('base64url')}`
    },
    open: (value, context) => {
      const [version, sealedWith, iv = '', sealed = ''] = value.split('.')
      const bytes = Buffer.from(sealed, 'base64url')
      if (version !== 'v1' || bytes.length < 16) throw new Error('the value was not sealed by Carillon')
      if (sealedWith !== keyId)
        throw new SetupError(
          `the value was sealed with key ${sealedWith}, and CARILLON_SECRET is key ${keyId}: use the secret this data was written with`,
        )
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
        authTagLength: 16,
      })
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8')
    },
    digest: (plain, context) =>
      createHmac('sha256', digestKey).update(`${context}\n${plain}`).digest('base64url'),
    signingKey: (purpose, tenant) => {
      const name = `carillon sign v1 ${purpose} ${tenant}`
      const key = signingKeys.get(name) ?? createSecretKey(derived(name))
      signingKeys.set(name, key)
      return key
    },
  }
}
