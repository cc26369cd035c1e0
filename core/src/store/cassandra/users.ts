import { setTimeout as sleep } from 'node:timers/promises'
import type { Reported, UserProfile } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { grouped, groupedSlices } from '../../group-by.ts'
import type { Seal } from '../../security/seal.ts'
import type { KnownUser, Users } from '../ports/users.ts'
import { ERASURE_SETTLE_MS, erasureTime, isVoid, liftTime } from '../rules/erasure.ts'
import { flattenProfile, profileOf } from '../rules/profile.ts'
import { slotOf, userPage } from '../rules/slots.ts'
import { endOf, writeClock } from './clock.ts'
import type { CassandraDevices } from './devices.ts'
import type { CassandraDigests } from './digests.ts'
import { cassandraErasures } from './erasures.ts'
import type { CassandraInboxRows } from './inbox.ts'
import type { CassandraNotifications } from './notifications.ts'
import type { CassandraPreferences } from './preferences.ts'
import { forEach, type Session } from './session.ts'
import type { CassandraShownPushes } from './shown-pushes.ts'
import type { CassandraThrottles } from './throttles.ts'
import type { CassandraTopics } from './topics.ts'
import { walkPartitions } from './walk.ts'

const IDS_PER_QUERY = 100
const REPORTED = ['locale', 'timezone'] as const

const profile = (row: types.Row): UserProfile =>
  row.profile instanceof Map ? profileOf(row.profile as Map<string, string>) : {}
const reported = (row: types.Row): { reported?: Reported } =>
  row.reported instanceof Map ? { reported: Object.fromEntries(row.reported as Map<string, string>) } : {}

/**
 * Stores a profile as a map of attributes, so that concurrent merges of different attributes do not overwrite
 * each other.
 *
 * An erasure is recorded first; after ERASURE_SETTLE_MS everything is deleted with the timestamp of the
 * erasure. A merge is written with the time before it looked for an erasure, so the deletion wins over a
 * merge that missed it. A put is written later than any erasure before it.
 */
export const cassandraUsers = (
  session: Session,
  seal: Seal,
  owned: {
    inbox: CassandraInboxRows
    topics: CassandraTopics
    devices: CassandraDevices
    notifications: CassandraNotifications
    preferences: CassandraPreferences
    digests: CassandraDigests
    throttles: CassandraThrottles
    shownPushes: CassandraShownPushes
  },
): Users => {
  const users = session.table('users')
  const erasures = cassandraErasures(session, seal)
  const USER = 'tenant = ? AND slot = ? AND user = ?'
  const clock = writeClock()
  const erasureOf = async (tenant: string, user: string) => (await erasures.of(tenant, [user])).get(user)

  return {
    merge: async (tenant, people) => {
      const time = clock()
      const now = Date.now()
      const gone = await erasures.of(
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
      if (erasure) await erasures.mark(tenant, id, 'lifted_at', at)
      await session.write([
        {
          query: `UPDATE ${users} USING TIMESTAMP ? SET known = true, profile = ? WHERE ${USER}`,
          params: [Math.max(clock(), at * 1_000), flattenProfile(profile), tenant, slotOf(id), id],
        },
      ])
    },

    get: async (tenant, ids) => {
      const found: KnownUser[] = []
      const query = `SELECT user, profile, reported FROM ${users} WHERE tenant = ? AND slot = ? AND user IN ?`
      await forEach(groupedSlices(ids, slotOf, IDS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some]))
          found.push({ id: String(row.user), profile: profile(row), ...reported(row) })
      })
      return found
    },

    report: async (tenant, user, patch, since) => {
      const time = clock()
      const erasure = await erasureOf(tenant, user)
      if (isVoid(erasure, since ?? Date.now())) return false
      const written = erasure ? Math.max(time, endOf(erasure.erasedAt) + 1) : time
      const fields = REPORTED.filter((field) => patch[field] !== undefined)
      const set = ['known = true', ...fields.map((field) => `reported['${field}'] = ?`)].join(', ')
      const query = `UPDATE ${users} USING TIMESTAMP ? SET ${set} WHERE ${USER}`
      const values = fields.map((field) => patch[field])
      await session.write([{ query, params: [written, ...values, tenant, slotOf(user), user] }])
      return true
    },

    remove: async (tenant, user) => {
      const known = await erasureOf(tenant, user)
      await erasures.begin(tenant)
      const begun = erasureTime(known, Date.now())
      await erasures.mark(tenant, user, 'erased_at', begun)
      await sleep(ERASURE_SETTLE_MS)
      const erasedAt = Math.max(begun, Date.now())
      await erasures.mark(tenant, user, 'erased_at', erasedAt)
      const query = `DELETE FROM ${users} USING TIMESTAMP ? WHERE ${USER}`
      await session.write([{ query, params: [endOf(erasedAt), tenant, slotOf(user), user] }])
      await owned.devices.clear(tenant, user)
      await owned.topics.leave(tenant, user)
      await owned.notifications.forget(tenant, user)
      await owned.preferences.clear(tenant, user, endOf(erasedAt))
      await owned.digests.clear(tenant, user)
      await owned.throttles.clear(tenant, user)
      await owned.shownPushes.clear(tenant, user)
      await owned.inbox.clear({ tenant, user }, erasedAt)
      return erasedAt
    },

    erased: erasures.of,

    walk: async (tenant, { from, to, after }, limit) => {
      const query = `SELECT user FROM ${users} WHERE tenant = ? AND slot = ? AND user > ? LIMIT ?`
      const { rows } = await walkPartitions(
        (slot) => session.rows(query, [tenant, slot, slot === after?.slot ? after.user : '', limit + 1]),
        { from: after?.slot ?? from, to, limit: limit + 1 },
      )
      return userPage(
        rows.map((row) => String(row.user)),
        limit,
      )
    },
  }
}
