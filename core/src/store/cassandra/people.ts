import type { UserProfile } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { grouped, groupedSlices } from '../grouping.ts'
import type { StoredUser, Topics, Users } from '../port.ts'
import { flattenProfile, profileOf, slotOf } from '../state.ts'
import type { CassandraDevices } from './devices.ts'
import type { CassandraInbox } from './inbox.ts'
import { forEach, type Session } from './session.ts'
import { walkPartitions } from './walk.ts'

const IDS_PER_QUERY = 100

const profile = (row: types.Row): UserProfile =>
  row.profile instanceof Map ? profileOf(row.profile as Map<string, string>) : {}

/** A profile is a map of single attributes, so that merges of different attributes do not lose each other. */
export const cassandraUsers = (
  session: Session,
  owned: { inbox: CassandraInbox; topics: CassandraTopics; devices: CassandraDevices },
): Users => {
  const users = session.table('users')
  const USER = 'tenant = ? AND slot = ? AND user = ?'

  return {
    merge: async (tenant, people) => {
      // `known` makes the row exist when there is no attribute to write.
      const query = `UPDATE ${users} SET known = true, profile = profile + ? WHERE ${USER}`
      await forEach([...grouped(people, ({ id }) => slotOf(id))], ([slot, group]) =>
        session.write(
          group.map(({ id, profile }) => ({ query, params: [flattenProfile(profile), tenant, slot, id] })),
        ),
      )
    },

    put: (tenant, { id, profile }) =>
      session.write([
        {
          query: `UPDATE ${users} SET known = true, profile = ? WHERE ${USER}`,
          params: [flattenProfile(profile), tenant, slotOf(id), id],
        },
      ]),

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
      await session.write([
        { query: `DELETE FROM ${users} WHERE ${USER}`, params: [tenant, slotOf(user), user] },
      ])
      await owned.devices.clear(tenant, user)
      await owned.topics.leave(tenant, user)
      await owned.inbox.clear({ tenant, user })
    },

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

/** What the other parts of the adapter ask of topics. */
export type CassandraTopics = Topics & {
  /** Ends every membership of a user. */
  leave(tenant: string, user: string): Promise<void>
}

/**
 * Members by topic, and the topics of each user beside them. The latter is written first and removed last, so that
 * no membership is ever without it.
 */
export const cassandraTopics = (session: Session): CassandraTopics => {
  const members = session.table('topic_members')
  const memberships = session.table('memberships')
  const MEMBER = 'tenant = ? AND topic = ? AND slot = ? AND user = ?'
  const member = (tenant: string, topic: string, user: string) => [tenant, topic, slotOf(user), user]

  return {
    add: async (tenant, topic, users) => {
      const known = `INSERT INTO ${memberships} (tenant, user, topic) VALUES (?, ?, ?)`
      await forEach(users, (user) => session.write([{ query: known, params: [tenant, user, topic] }]))
      const query = `INSERT INTO ${members} (tenant, topic, slot, user) VALUES (?, ?, ?, ?)`
      await session.write(users.map((user) => ({ query, params: member(tenant, topic, user) })))
    },

    remove: async (tenant, topic, users) => {
      const query = `DELETE FROM ${members} WHERE ${MEMBER}`
      await session.write(users.map((user) => ({ query, params: member(tenant, topic, user) })))
      const known = `DELETE FROM ${memberships} WHERE tenant = ? AND user = ? AND topic = ?`
      await forEach(users, (user) => session.write([{ query: known, params: [tenant, user, topic] }]))
    },

    leave: async (tenant, user) => {
      const rows = await session.rows(`SELECT topic FROM ${memberships} WHERE tenant = ? AND user = ?`, [
        tenant,
        user,
      ])
      const query = `DELETE FROM ${members} WHERE ${MEMBER}`
      await forEach(rows, ({ topic }) =>
        session.write([{ query, params: member(tenant, String(topic), user) }]),
      )
      await session.write([
        { query: `DELETE FROM ${memberships} WHERE tenant = ? AND user = ?`, params: [tenant, user] },
      ])
    },

    walk: async (tenant, topic, { from, to, after }, limit) => {
      const place = after ?? { slot: from, user: '' }
      const rows = await session.rows(
        `SELECT slot, user FROM ${members}
         WHERE tenant = ? AND topic = ? AND (slot, user) > (?, ?) AND (slot) < (?) LIMIT ?`,
        [tenant, topic, place.slot, place.user, to, limit],
      )
      const last = rows.at(-1)
      return {
        users: rows.map((row) => String(row.user)),
        ...(last && rows.length === limit
          ? { next: { slot: Number(last.slot), user: String(last.user) } }
          : {}),
      }
    },
  }
}
