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
  /** Encrypts bytes, such as a part of a file. The result has SEAL_BYTES more. */
  sealBytes(plain: Uint8Array, context: string): Uint8Array
  openBytes(sealed: Uint8Array, context: string): Uint8Array
  /** Returns a keyed hash, to look up a value that is not stored. 43 characters of base64url. */
  digest(plain: string, context: string): string
  /** Returns four hexadecimal digits of a keyed hash, to recognize a value. Costs a quarter of `digest`. */
  tag(plain: string, context: string): string
  /** Returns a signing key of 32 bytes, derived for one purpose and one tenant. */
  signingKey(purpose: string, tenant: string): KeyObject
}

const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_BYTES = 6
/** The length of `tag`. */
export const TAG_DIGITS = 4
/** The version of sealed bytes. */
const VERSION = 1
/** The overhead of sealed bytes: version, key id, iv and tag. */
export const SEAL_BYTES = 1 + KEY_ID_BYTES + IV_BYTES + TAG_BYTES

const notSealed = () => new Error('the value was not sealed by Carillon')

/** Maximum number of cached signing keys. jose prepares each key object once. */
const SIGNING_KEYS_MAX = 1_000

/** Identifies a key without revealing anything about it. */
const keyIdOf = (key: Buffer) => hash('sha256', key, 'buffer').subarray(0, KEY_ID_BYTES)

/**
 * Creates a seal of AES-256-GCM under a key derived from the root secret (HKDF-SHA-256, RFC 5869). A sealed value is
 * `v1.<key id>.<iv>.<ciphertext and tag>` in base64url; sealed bytes are the same parts in binary. `context` is
 * authenticated, so a value cannot be moved elsewhere. Opening throws if another secret or context sealed the value. `digest`
 * is HMAC-SHA-256 under a second derived key. `tag` is the beginning of SHA-256 under a third one; as the rest stays
 * secret, the hash cannot be extended to that of a longer value. Each signing key is derived separately.
 */
export const createSeal = (rootSecret: string): Seal => {
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', rootSecret, '', purpose, 32))
  const key = derived('carillon seal v1')
  const digestKey = derived('carillon digest v1')
  const tagKey = derived('carillon tag v1').toString('hex')
  const keyIdBytes = keyIdOf(key)
  const keyId = keyIdBytes.toString('base64url')
  const signingKeys = new LRUCache<string, KeyObject>({ max: SIGNING_KEYS_MAX })

  const encrypted = (plain: Uint8Array, context: string) => {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
    return { iv, parts: [cipher.update(plain), cipher.final(), cipher.getAuthTag()] }
  }
  const decrypted = (iv: Uint8Array, sealed: Uint8Array, context: string): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  }
  const requireKey = (sealedWith: string | undefined) => {
    if (sealedWith !== keyId)
      throw new SetupError(
        `the value was sealed with key ${sealedWith}, and CARILLON_SECRET is key ${keyId}: use the secret this data was written with`,
      )
  }

  return {
    seal: (plain, context) => {
      const { iv, parts } = encrypted(Buffer.from(plain), context)
      return `v1.${keyId}.${iv.toString('base64url')}.${Buffer.concat(parts).toString('base64url')}`
    },
    open: (value, context) => {
      const [version, sealedWith, iv = '', sealed = ''] = value.split('.')
      const bytes = Buffer.from(sealed, 'base64url')
      if (version !== 'v1' || bytes.length < TAG_BYTES) throw notSealed()
      requireKey(sealedWith)
      return decrypted(Buffer.from(iv, 'base64url'), bytes, context).toString('utf8')
    },
    sealBytes: (plain, context) => {
      const { iv, parts } = encrypted(plain, context)
      return Buffer.concat([Buffer.of(VERSION), keyIdBytes, iv, ...parts])
    },
    openBytes: (value, context) => {
      if (value.length < SEAL_BYTES || value[0] !== VERSION) throw notSealed()
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length).subarray(1)
      requireKey(bytes.subarray(0, KEY_ID_BYTES).toString('base64url'))
      const rest = bytes.subarray(KEY_ID_BYTES)
      return decrypted(rest.subarray(0, IV_BYTES), rest.subarray(IV_BYTES), context)
    },
    digest: (plain, context) =>
      createHmac('sha256', digestKey).update(`${context}\n${plain}`).digest('base64url'),
    tag: (plain, context) => hash('sha256', `${tagKey}\n${context}\n${plain}`, 'hex').slice(0, TAG_DIGITS),
    signingKey: (purpose, tenant) => {
      const name = `carillon sign v1 ${purpose} ${tenant}`
      const key = signingKeys.get(name) ?? createSecretKey(derived(name))
      signingKeys.set(name, key)
      return key
    },
  }
}
