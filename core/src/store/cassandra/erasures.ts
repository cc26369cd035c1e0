import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { groupedSlices } from '../../group-by.ts'
import type { Seal } from '../../security/seal.ts'
import { type Erasure, erasureKey } from '../rules/erasure.ts'
import { forEach, type Session } from './session.ts'

const KEYS_PER_QUERY = 100

/**
 * Number of erasure partitions per tenant. Kept small because every dispatcher batch reads them. At a million
 * erasures, each holds about 20 MB.
 */
const ERASURE_SLOTS = 4
/** The partition that records whether a tenant has erased any user. */
const EVER_SLOT = -1
/** Maximum number of tenants remembered as having erased a user or not. */
const EVER_MAX = 10_000
/** How long a process may rely on a tenant having erased nobody, in ms. The first erasure waits longer. */
const NEVER_MS = 100

const erasureSlot = (key: string): number =>
  (Buffer.from(key.slice(0, 2), 'base64url')[0] ?? 0) % ERASURE_SLOTS

/** Stores erasures of users by keyed hash. Each time is its own write timestamp, so the latest wins. */
export const cassandraErasures = (session: Session, seal: Seal) => {
  const erasures = session.table('erasures')
  const ERASURE = 'tenant = ? AND slot = ? AND key = ?'
  /** `true` never becomes false. */
  const ever = new LRUCache<string, true>({ max: EVER_MAX })
  /** The time until which a tenant has certainly erased nobody, on `performance.now()`. */
  const neverUntil = new LRUCache<string, number>({ max: EVER_MAX })

  const hasErased = async (tenant: string): Promise<boolean> => {
    if (ever.has(tenant)) return true
    const asked = performance.now()
    if ((neverUntil.get(tenant) ?? 0) > asked) return false
    const query = `SELECT key FROM ${erasures} WHERE tenant = ? AND slot = ? LIMIT 1`
    const found = (await session.rows(query, [tenant, EVER_SLOT])).length > 0
    if (found) ever.set(tenant, true)
    else neverUntil.set(tenant, asked + NEVER_MS)
    return found
  }

  const of = async (tenant: string, users: readonly string[]): Promise<Map<string, Erasure>> => {
    const found = new Map<string, Erasure>()
    if (users.length === 0 || !(await hasErased(tenant))) return found
    const byKey = new Map(users.map((user) => [erasureKey(seal, tenant, user), user]))
    const query = `SELECT key, erased_at, lifted_at FROM ${erasures} WHERE tenant = ? AND slot = ? AND key IN ?`
    await forEach(groupedSlices([...byKey.keys()], erasureSlot, KEYS_PER_QUERY), async ([slot, keys]) => {
      for (const row of await session.rows(query, [tenant, slot, keys])) {
        const user = byKey.get(String(row.key))
        if (user === undefined || row.erased_at === null) continue
        const lifted = row.lifted_at === null ? {} : { liftedAt: Number(row.lifted_at) }
        found.set(user, { erasedAt: Number(row.erased_at), ...lifted })
      }
    })
    return found
  }

  const mark = (tenant: string, user: string, cell: 'erased_at' | 'lifted_at', at: number) => {
    const key = erasureKey(seal, tenant, user)
    const query = `UPDATE ${erasures} USING TIMESTAMP ? SET ${cell} = ? WHERE ${ERASURE}`
    return session.write([{ query, params: [at * 1_000, at, tenant, erasureSlot(key), key] }])
  }

  return {
    /** Returns erasures by user. Users who were never erased are omitted. */
    of,

    /**
     * Records that the tenant has erased a user. Precedes every erasure. Resolves when no process relies on an earlier answer
     * any more.
     */
    begin: async (tenant: string) => {
      const query = `INSERT INTO ${erasures} (tenant, slot, key) VALUES (?, ?, '')`
      await session.write([{ query, params: [tenant, EVER_SLOT] }])
      await sleep(NEVER_MS * 1.1)
    },

    /** Records when a user was erased, or when an erasure was lifted, in epoch ms. */
    mark,
  }
}
