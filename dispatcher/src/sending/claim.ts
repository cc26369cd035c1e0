import { randomUUID } from 'node:crypto'
import { acceptedAt, deliveryKey, type Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Acquisition } from '@carillon/core/store/ports/expiring-keys'
import type { Delivery } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'

/** Longer than a send may take, and its record after it: whoever has a claim this old has died. */
export const LEASE_MS = 30_000
/** Longer than the event log keeps a message that nobody could finish. */
const CLAIM_TTL_MS = 4 * 86_400_000
/** How long a claim waits for others. */
const GATHER_MS = 2
/** How often what is in doubt is sent again. */
const RESENDS_MAX = 2
/** Claims that are remembered because nobody knows whether they were made. */
const UNSURE_MAX = 10_000

/**
 * `ours`: nobody else sends this attempt, `again` if it may have been sent before. `done`: it has come to an end already,
 * `failed` saying why if that was the end of all attempts.
 * `busy`: another process may be sending it; look again then (epoch ms). `doubt`: whoever had it died, and nobody knows
 * whether it was sent.
 */
export type Claim =
  | { claim: 'ours'; again: boolean }
  | { claim: 'done'; failed?: string }
  | { claim: 'busy'; until: number }
  | { claim: 'doubt' }

type Asking = { mark: Acquisition; resolve(held: string | undefined): void; reject(error: unknown): void }

/**
 * Takes the marks of a tenant together that are asked for within GATHER_MS, or while others are being taken: many cost
 * little more than one.
 */
const createTaking = (store: Pick<Store, 'expiringKeys'>) => {
  const tenants = new Map<string, Asking[]>()

  const take = async (tenant: string, together: readonly Asking[]) => {
    try {
      const marks = together.map(({ mark }) => mark)
      const held = await store.expiringKeys.acquire(tenant, marks, CLAIM_TTL_MS)
      for (const [index, { resolve }] of together.entries()) resolve(held[index])
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  const takeAll = async (tenant: string) => {
    for (let asking = tenants.get(tenant) ?? []; asking.length > 0; asking = tenants.get(tenant) ?? []) {
      tenants.set(tenant, [])
      await take(tenant, asking)
    }
    tenants.delete(tenant)
  }

  return (tenant: string, mark: Acquisition): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      const asking = tenants.get(tenant)
      if (asking) return void asking.push({ mark, resolve, reject })
      tenants.set(tenant, [{ mark, resolve, reject }])
      setTimeout(takeAll, GATHER_MS, tenant)
    })
}

/** Whether the ledger shows an end of this attempt. A delivery that waits is queued without having been attempted. */
const endedSince = ({ times, attempts }: Delivery, attempt: number, since: number): boolean =>
  Object.entries(times).some(
    ([state, at]) => Date.parse(at) >= since && (state !== 'queued' || attempts >= attempt),
  )

/**
 * Who may send an attempt: of all that are handed it, on whichever machine, the first to claim it. So a message that the
 * log delivers twice is sent once; one whose sender died between its claim and its record is in doubt.
 */
export const createClaims = (store: Pick<Store, 'expiringKeys' | 'deliveries'>, leaseMs = LEASE_MS) => {
  const holder = randomUUID()
  const takeMark = createTaking(store)
  /** What a claim that rejected would be known by: nothing was sent on it, so the next try may find it to be its own. */
  const unsure = new LRUCache<string, string>({ max: UNSURE_MAX, ttl: leaseMs / 2 })

  /** The delivery, if the ledger knows of an end that came after the claim. */
  const ended = async (step: Step, since: number): Promise<Delivery | undefined> => {
    const { tenant, notification, user, toAudience, index, target = '' } = step
    const [rows] = await store.deliveries.of(tenant, [{ id: notification, toAudience, user }])
    const row = rows?.find((each) => each.step === index && (each.device ?? '') === target)
    return row && endedSince(row, step.attempt ?? 1, since) ? row : undefined
  }

  const takeKey = async (step: Step, key: string): Promise<number | undefined> => {
    const id = `${step.tenant}\n${key}`
    const value = unsure.get(id) ?? `${holder} ${Date.now()}`
    unsure.delete(id)
    try {
      const held = await takeMark(step.tenant, { key, value, at: acceptedAt(step) })
      return held === undefined || held === value ? undefined : Number(held.split(' ')[1])
    } catch (error) {
      unsure.set(id, value)
      throw error
    }
  }

  /** `resend`: what is in doubt is sent again. */
  return {
    take: async (step: Step, resend: boolean): Promise<Claim> => {
      const key = `send:${deliveryKey(step, step.target ?? '')}:${step.attempt ?? 1}`
      for (let round = 0; round <= RESENDS_MAX; round++) {
        const since = await takeKey(step, round === 0 ? key : `${key}:${round}`)
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
