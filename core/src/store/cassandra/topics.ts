import type { Topics } from '../ports/topics.ts'
import { slotOf, userPage } from '../rules/slots.ts'
import { forEach, type Session } from './session.ts'

/** Topics, with a method for other parts of the adapter. */
export type CassandraTopics = Topics & {
  /** Removes a user from every topic. */
  leave(tenant: string, user: string): Promise<void>
}

/**
 * Stores members by topic, and topics by user. The row by user is written first and removed last, so that every membership
 * has one.
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
        `SELECT user FROM ${members}
         WHERE tenant = ? AND topic = ? AND (slot, user) > (?, ?) AND (slot) < (?) LIMIT ?`,
        [tenant, topic, place.slot, place.user, to, limit + 1],
      )
      return userPage(
        rows.map((row) => String(row.user)),
        limit,
      )
    },
  }
}
