import { createECDH } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import webpush from 'web-push'

export type VapidKeys = { publicKey: string; privateKey: string }

/** Push services take signatures that hold for a day at most (RFC 8292, section 2); these hold for half of one. */
const HOLDS_MS = 12 * 3_600_000
/** A signature is not used in its last hour: clocks differ, and requests wait. */
const SPARE_MS = 3_600_000
const ORIGINS_MAX = 1_000

/** Whether both keys are of one pair on P-256, base64url, the private one in all its 32 bytes. */
export const isVapidPair = ({ publicKey, privateKey }: VapidKeys): boolean => {
  const number = Buffer.from(privateKey, 'base64url')
  const pair = createECDH('prime256v1')
  try {
    pair.setPrivateKey(number)
  } catch {
    return false
  }
  return number.length === 32 && pair.getPublicKey().equals(Buffer.from(publicKey, 'base64url'))
}

/**
 * Gives the `Authorization` header for a push service. Signing one takes longer than all the rest of sending a push,
 * so each origin's is made once and used for eleven hours.
 */
export const vapidSigner = ({ publicKey, privateKey }: VapidKeys, subject: string) => {
  const signed = new LRUCache<string, { header: string; until: number }>({ max: ORIGINS_MAX })
  return (origin: string): string => {
    const now = Date.now()
    const known = signed.get(origin)
    // A clock that was put back must not make one last longer.
    if (known && now < known.until && known.until <= now + HOLDS_MS - SPARE_MS) return known.header
    const expires = Math.floor((now + HOLDS_MS) / 1_000)
    const { Authorization: header } = webpush.getVapidHeaders(
      origin,
      subject,
      publicKey,
      privateKey,
      'aes128gcm',
      expires,
    )
    signed.set(origin, { header, until: now + HOLDS_MS - SPARE_MS })
    return header
  }
}
