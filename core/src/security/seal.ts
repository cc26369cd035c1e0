import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Seal } from '../store/port.ts'

/**
 * Encrypts with AES-256-GCM under a key derived (HKDF-SHA-256, RFC 5869) from the root secret. A sealed value is
 * `v1.<iv>.<ciphertext and tag>` in base64url; `context` is authenticated, so a value cannot be moved elsewhere.
 * `open` throws on anything that this secret and context did not seal.
 */
export const createSeal = (rootSecret: string): Seal => {
  const key = Buffer.from(hkdfSync('sha256', rootSecret, '', 'carillon seal v1', 32))
  return {
    seal: (plain, context) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${iv.toString('base64url')}.${sealed.toString('base64url')}`
    },
    open: (value, context) => {
      const [version, iv = '', sealed = ''] = value.split('.')
      const bytes = Buffer.from(sealed, 'base64url')
      if (version !== 'v1' || bytes.length < 16) throw new Error('the value was not sealed by this Carillon')
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
        authTagLength: 16,
      })
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8')
    },
  }
}
