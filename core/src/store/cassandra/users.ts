import { setTimeout as sleep } from 'node:timers/promises'
import type { UserProfile } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { LRUCache } from 'lru-cache'
import type { Seal } from '../../security/seal.ts'
import { ERASURE_SETTLE_MS, type Erasure, erasureKey, erasureTime, isVoid, liftTime } from '../erasure.ts'
import { grouped, groupedSlices } from '../grouping.ts'
import type { StoredUser, Users } from '../ports/users.ts'
import { flattenProfile, profileOf } from '../profile.ts'
import { slotOf } from '../slots.ts'
import { writeClock } from './clock.ts'
import type { CassandraDevices } from './devices.ts'
import type { CassandraInbox } from './inbox.ts'
import type { CassandraNotifications } from './notifications.ts'
import { forEach, type Session } from './session.ts'
import type { CassandraTopics } from './topics.ts'
import { walkPartitions } from './walk.ts'

const IDS_PER_QUERY = 100

const profile = (row: types.Row): UserProfile =>
  row.profile instanceof Map ? profileOf(row.profile as Map<string, string>) : {}

/**
 * Partitions of a tenant's erasures. Few, because every batch of a dispatcher reads them. With a million erasures each is
 * about 20 MB.
 */
const ERASURE_SLOTS = 4
/** The partition that records whether a tenant has ever erased a user. */
const EVER_SLOT = -1
/** Maximum number of tenants remembered as having erased a user. */
const EVER_MAX = 10_000

const erasureSlot = (key: string): number =>
  (Buffer.from(key.slice(0, 2), 'base64url')[0] ?? 0) % ERASURE_SLOTS

/**
 * Stores a profile as a map of attributes, so that concurrent merges of different attributes do not overwrite each other.
 *
 * An erasure is recorded first; after ERASURE_SETTLE_MS everything is deleted with its timestamp. A merge is written with
 * the time before it looked for an erasure, so the deletion wins over a merge that missed it. A put is written later than
 * any erasure before it.
 */
export const cassandraUsers = (
  session: Session,
  seal: Seal,
  owned: {
    inbox: CassandraInbox
    topics: CassandraTopics
    devices: CassandraDevices
    notifications: CassandraNotifications
  },
): Users => {
  const users = session.table('users')
  const erasures = session.table('erasures')
  const USER = 'tenant = ? AND slot = ? AND user = ?'
  const ERASURE = 'tenant = ? AND slot = ? AND key = ?'
  /** Returns a write timestamp after every write of a millisecond. */
  const endOf = (ms: number) => ms * 1_000 + 999
  const clock = writeClock()
  /** Only `true` is cached, because it never becomes false. */
  const ever = new LRUCache<string, true>({ max: EVER_MAX })

  const hasErased = async (tenant: string): Promise<boolean> => {
    if (ever.has(tenant)) return true
    const query = `SELECT key FROM ${erasures} WHERE tenant = ? AND slot = ? LIMIT 1`
    const found = (await session.rows(query, [tenant, EVER_SLOT])).length > 0
    if (found) ever.set(tenant, true)
    return found
  }

  const erased: Users['erased'] = async (tenant, people) => {
    const found = new Map<string, Erasure>()
    if (people.length === 0 || !(await hasErased(tenant))) return found
    const byKey = new Map(people.map((user) => [erasureKey(seal, tenant, user), user]))
    const query = `SELECT key, erased_at, lifted_at FROM ${erasures} WHERE tenant = ? AND slot = ? AND key IN ?`
    await forEach(groupedSlices([...byKey.keys()], erasureSlot, IDS_PER_QUERY), async ([slot, keys]) => {
      for (const row of await session.rows(query, [tenant, slot, keys])) {
        const user = byKey.get(String(row.key))
        if (user === undefined || row.erased_at === null) continue
        const lifted = row.lifted_at === null ? {} : { liftedAt: Number(row.lifted_at) }
        found.set(user, { erasedAt: Number(row.erased_at), ...lifted })
      }
    })
    return found
  }

  const erasureOf = async (tenant: string, user: string) => (await erased(tenant, [user])).get(user)

  const mark = (tenant: string, user: string, cell: 'erased_at' | 'lifted_at', at: number) => {
    const key = erasureKey(seal, tenant, user)
    const query = `UPDATE ${erasures} USING TIMESTAMP ? SET ${cell} = ? WHERE ${ERASURE}`
    return session.write([{ query, params: [at * 1_000, at, tenant, erasureSlot(key), key] }])
  }

  return {
    merge: async (tenant, people) => {
      const time = clock()
      const now = Date.now()
      const gone = await erased(
        tenant,
        people.map(({ id }) => id),
      )
      const kept = people.filter(({ id, acceptedAt = now }) => !isVoid(gone.get(id), acceptedAt))
      // `known` creates the row if there is no attribute to write.
      const query = `UPDATE ${users} USING TIMESTAMP ? SET known = true, profile = profile + ? WHERE ${USER}`
      await forEach([...grouped(kept, ({ id }) => slotOf(id))], ([slot, group]) =>
        session.write(
          group.map(({ id, profile }) => {
            const erasure = gone.get(id)
            const written = erasure ? Math.max(time, endOf(erasure.erasedAt) + 1) : time
            return { query, params: [written, flattenProfile(profile), tenant, slot, id] }
          }),
        ),
      )
    },

    put: async (tenant, { id, profile }) => {
      const erasure = await erasureOf(tenant, id)
      const now = Date.now()
      const at = erasure ? liftTime(erasure, now) : now
      if (erasure) await mark(tenant, id, 'lifted_at', at)
      await session.write([
        {
          query: `UPDATE ${users} USING TIMESTAMP ? SET known = true, profile = ? WHERE ${USER}`,
          params: [Math.max(clock(), at * 1_000), flattenProfile(profile), tenant, slotOf(id), id],
        },
      ])
    },

    get: async (tenant, ids) => {
      const found: StoredUser[] = []
      const query = `SELECT user, profile FROM ${users} WHERE tenant = ? AND slot = ? AND user IN ?`
      await forEach(groupedSlices(ids, slotOf, IDS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some]))
          found.push({ id: String(row.user), profile: profile(row) })
      })
      return found
    },

    remove: async (tenant, user) => {
      const known = await erasureOf(tenant, user)
      const first = `INSERT INTO ${erasures} (tenant, slot, key) VALUES (?, ?, '')`
      await session.write([{ query: first, params: [tenant, EVER_SLOT] }])
      const begun = erasureTime(known, Date.now())
      await mark(tenant, user, 'erased_at', begun)
      await sleep(ERASURE_SETTLE_MS)
      const erasedAt = Math.max(begun, Date.now())
      await mark(tenant, user, 'erased_at', erasedAt)
      const query = `DELETE FROM ${users} USING TIMESTAMP ? WHERE ${USER}`
      await session.write([{ query, params: [endOf(erasedAt), tenant, slotOf(user), user] }])
      await owned.devices.clear(tenant, user)
      await owned.topics.leave(tenant, user)
      await owned.notifications.forget(tenant, user)
      await owned.inbox.clear({ tenant, user }, erasedAt)
      return erasedAt
    },

    erased,

    walk: async (tenant, { from, to, after }, limit) => {
      const query = `SELECT user FROM ${users} WHERE tenant = ? AND slot = ? AND user > ? LIMIT ?`
      const { rows, last } = await walkPartitions(
        (slot) => session.rows(query, [tenant, slot, slot === after?.slot ? after.user : '', limit]),
        { from: after?.slot ?? from, to, limit },
      )
      const found = rows.map((row) => String(row.user))
      const user = found.at(-1)
      return {
        users: found,
        ...(last === undefined || user === undefined ? {} : { next: { slot: last, user } }),
      }
    },
  }
}
