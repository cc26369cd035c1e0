import { timingSafeEqual } from 'node:crypto'
import { secretContext } from '@carillon/core/delivery/step'
import { readJson } from '@carillon/core/json/json'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import { isVoid } from '@carillon/core/store/rules/erasure'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'

/** Maximum verification attempts per code. */
const ATTEMPTS = 5

/** A stored code: its keyed hash, never the code. `expires`: epoch ms. */
export const StoredCode = z.object({ hash: z.string(), user: z.string(), expires: z.number() })
export type StoredCode = z.infer<typeof StoredCode>

export type Verification = { valid: true } | { valid: false; attemptsLeft: number }

/**
 * Verifies one-time passwords. A code is accepted once, within ATTEMPTS attempts, even if they are
 * concurrent. An unknown, expired or used id gets the same response as a wrong code.
 */
export const createVerify = ({
  store,
  seal,
  metrics,
  now = Date.now,
}: {
  store: Pick<Store, 'users' | 'expiringKeys'>
  seal: Pick<Seal, 'digest'>
  metrics: Pick<Metrics, 'otp'>
  now?: () => number
}) => {
  /** Reports whether this request acquired the key. */
  const acquire = async (tenant: string, key: string, request: string, expires: number): Promise<boolean> => {
    // Keys outlive the code, so that clock differences never allow another attempt.
    const ttlMs = expires - now() + 60_000
    const [holder = request] = await store.expiringKeys.acquire(
      tenant,
      [{ key, value: request, at: expires }],
      ttlMs,
    )
    return holder === request
  }

  /** Returns the number of this attempt, from 1; undefined if all are used. Concurrent attempts get distinct numbers. */
  const acquireAttempt = async (
    tenant: string,
    id: string,
    request: string,
    expires: number,
  ): Promise<number | undefined> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++)
      if (await acquire(tenant, `otp-try:${id}:${attempt}`, request, expires)) return attempt
    return undefined
  }

  return async (tenant: string, id: string, code: string): Promise<Verification> => {
    const key = `otp:${id}`
    const stored = (await store.expiringKeys.get(tenant, [key])).get(key)
    const kept = stored === undefined ? undefined : readJson(stored, StoredCode)
    if (!kept) return { valid: false, attemptsLeft: 0 }
    const { hash, user, expires } = kept
    const erased = isVoid((await store.users.erased(tenant, [user])).get(user), uuid7Time(id) ?? 0)
    if (erased || expires <= now()) return { valid: false, attemptsLeft: 0 }
    const request = uuidv7()
    const attempt = await acquireAttempt(tenant, id, request, expires)
    if (attempt === undefined) return { valid: false, attemptsLeft: 0 }
    const given = Buffer.from(seal.digest(code, secretContext({ tenant, notification: id })))
    const wanted = Buffer.from(hash)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return { valid: false, attemptsLeft: ATTEMPTS - attempt }
    if (!(await acquire(tenant, `otp-used:${id}`, request, expires))) return { valid: false, attemptsLeft: 0 }
    await store.expiringKeys.remove(tenant, [key])
    metrics.otp.inc({ channel: '', outcome: 'verified' })
    return { valid: true }
  }
}
