import { createECDH } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import webpush from 'web-push'

export type VapidKeys = { publicKey: string; privateKey: string }

/** The lifetime of a signature. Push services accept at most a day (RFC 8292, section 2). */
const LIFETIME_MS = 12 * 3_600_000
/** A signature is not used in its last hour, because clocks differ and requests are queued. */
const MARGIN_MS = 3_600_000
const ORIGINS_MAX = 1_000

/** Reports whether the keys, in base64url, are a P-256 key pair with a private key of exactly 32 bytes. */
export const isVapidPair = ({ publicKey, privateKey }: VapidKeys): boolean => {
  const privateBytes = Buffer.from(privateKey, 'base64url')
  const pair = createECDH('prime256v1')
  try {
    pair.setPrivateKey(privateBytes)
  } catch {
    return false
  }
  return privateBytes.length === 32 && pair.getPublicKey().equals(Buffer.from(publicKey, 'base64url'))
}

/**
 * Returns a function that builds the `Authorization` header for a push service. Signing takes longer than the rest of
 * sending a push, so the header of an origin is cached for eleven hours.
 */
export const vapidSigner = ({ publicKey, privateKey }: VapidKeys, subject: string) => {
  const cache = new LRUCache<string, { header: string; until: number }>({ max: ORIGINS_MAX })
  return (origin: string): string => {
    const now = Date.now()
    const cached = cache.get(origin)
    // The second condition drops headers from the future after the clock was set back.
    if (cached && now < cached.until && cached.until <= now + LIFETIME_MS - MARGIN_MS) return cached.header
    const expires = Math.floor((now + LIFETIME_MS) / 1_000)
    const { Authorization: header } = webpush.getVapidHeaders(
      origin,
      subject,
      publicKey,
      privateKey,
      'aes128gcm',
      expires,
    )
    cache.set(origin, { header, until: now + LIFETIME_MS - MARGIN_MS })
    return header
  }
}
