import { randomUUID } from 'node:crypto'
import { acceptedAt, deliveryKey, type Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Acquisition } from '@carillon/core/store/ports/expiring-keys'
import type { Delivery } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import { gathered } from '../consumer/gathered.ts'

/** Longer than a send and its record may take. If a claim is older, the process that made it has died. */
export const LEASE_MS = 30_000
/** Longer than the event log keeps a message that nobody could finish. */
const CLAIM_TTL_MS = 4 * 86_400_000
/** How often a message in doubt is resent. */
const RESENDS_MAX = 2
/** Maximum number of remembered claims with an unknown outcome. */
const UNSURE_MAX = 10_000

/**
 * - `ours`: no other process sends this attempt; `again` if it may have been sent before.
 * - `done`: its outcome is recorded; `failed` is the reason if that was the end of all attempts.
 * - `busy`: another process may be sending it until then (epoch ms).
 * - `doubt`: the process that claimed it died, and it is unknown whether it was sent.
 */
export type Claim =
  | { claim: 'ours'; again: boolean }
  | { claim: 'done'; failed?: string }
  | { claim: 'busy'; until: number }
  | { claim: 'doubt' }

/**
 * Reports whether the ledger contains the outcome of this attempt. A delivery that waits is queued without an
 * attempt.
 */
const endedSince = ({ times, attempts }: Delivery, attempt: number, since: number): boolean =>
  Object.entries(times).some(
    ([state, at]) => Date.parse(at) >= since && (state !== 'queued' || attempts >= attempt),
  )

/**
 * Claims attempts: the first process to claim an attempt may send it. So a message that the log delivers twice is sent
 * once. If its process dies between the claim and the record, it is in doubt.
 */
export const createClaims = (store: Pick<Store, 'expiringKeys' | 'deliveries'>, leaseMs = LEASE_MS) => {
  const holder = randomUUID()
  /** Many keys cost little more than one. */
  const acquire = gathered((tenant, keys: readonly Acquisition[]) =>
    store.expiringKeys.acquire(tenant, keys, CLAIM_TTL_MS),
  )
  /**
   * Values of claims whose response was lost. Nothing was sent on them, so the next attempt may find its own
   * claim.
   */
  const unsure = new LRUCache<string, string>({ max: UNSURE_MAX, ttl: leaseMs / 2 })

  /** Returns the delivery if the ledger has an outcome that is later than the claim. */
  const ended = async (step: Step, since: number): Promise<Delivery | undefined> => {
    const { tenant, notification, user, toAudience, index, destination = '' } = step
    const [rows] = await store.deliveries.of(tenant, [{ id: notification, toAudience, user }])
    const row = rows?.find((each) => each.step === index && (each.device ?? '') === destination)
    return row && endedSince(row, step.attempt ?? 1, since) ? row : undefined
  }

  const claimKey = async (step: Step, key: string): Promise<number | undefined> => {
    const id = `${step.tenant}\n${key}`
    const value = unsure.get(id) ?? `${holder} ${Date.now()}`
    unsure.delete(id)
    try {
      const held = await acquire(step.tenant, { key, value, at: acceptedAt(step) })
      return held === undefined || held === value ? undefined : Number(held.split(' ')[1])
    } catch (error) {
      unsure.set(id, value)
      throw error
    }
  }

  const keyOf = (step: Step, destination = step.destination ?? '') =>
    `send:${deliveryKey(step, destination)}:${step.attempt ?? 1}`

  return {
    /** Reports whether the step's attempt to reach one of some destinations was claimed by anybody. */
    wasClaimed: async (step: Step, destinations: readonly string[]): Promise<boolean> => {
      const keys = destinations.map((destination) => ({
        ...{ key: keyOf(step, destination), at: acceptedAt(step) },
      }))
      return (await store.expiringKeys.holders(step.tenant, keys)).some((holder) => holder !== undefined)
    },
    /** Claims the step's attempt. `resend`: a message in doubt is resent. */
    claim: async (step: Step, resend: boolean): Promise<Claim> => {
      const key = keyOf(step)
      for (let round = 0; round <= RESENDS_MAX; round++) {
        const since = await claimKey(step, round === 0 ? key : `${key}:${round}`)
        if (since === undefined) return { claim: 'ours', again: round > 0 }
        const end = await ended(step, since)
        if (end)
          return { claim: 'done', ...(end.state === 'failed' ? { failed: end.reason ?? 'failed' } : {}) }
        if (Date.now() < since + leaseMs) return { claim: 'busy', until: since + leaseMs }
        if (!resend) return { claim: 'doubt' }
      }
      return { claim: 'doubt' }
    },
  }
}

export type Claims = ReturnType<typeof createClaims>
