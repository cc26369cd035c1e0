import type { UserProfile } from '@carillon/schemas'
import type { Stretch, Topics, UserPage, Users } from '../port.ts'
import { flattenProfile, profileOf, slotOf } from '../state.ts'
import type { Session, Value } from './session.ts'

type Row = { slot: number; user: string }

const PUT = `INSERT INTO users (tenant, slot, user, profile) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET profile = excluded.profile`

/** Rows of one stretch in the order (slot, user); `where` and `values` name the tenant (and topic). */
const walk = async (
  session: Session,
  from: string,
  values: Value[],
  stretch: Stretch,
  limit: number,
): Promise<UserPage> => {
  const { slot, user } = stretch.after ?? { slot: stretch.from, user: '' }
  const rows = await session.all<Row>(
    `SELECT slot, user FROM ${from} AND (slot, user) > (?, ?) AND slot < ? ORDER BY slot, user LIMIT ?`,
    [...values, slot, user, stretch.to, limit],
  )
  const last = rows.at(-1)
  return {
    users: rows.map(({ user }) => user),
    ...(last && rows.length === limit ? { next: { slot: last.slot, user: last.user } } : {}),
  }
}

const merged = (old: string | undefined, added: UserProfile): UserProfile =>
  profileOf(
    new Map([...flattenProfile(old ? (JSON.parse(old) as UserProfile) : {}), ...flattenProfile(added)]),
  )

export const sqliteUsers = (session: Session): Users => ({
  merge: (tenant, users) =>
    session.write(({ run, first }) => {
      for (const { id, profile } of users) {
        const slot = slotOf(id)
        const old = first<{ profile: string }>(
          'SELECT profile FROM users WHERE tenant = ? AND slot = ? AND user = ?',
          [tenant, slot, id],
        )
        run(PUT, [tenant, slot, id, JSON.stringify(merged(old?.profile, profile))])
      }
    }),

  put: (tenant, { id, profile }) =>
    session.write(({ run }) => {
      run(PUT, [tenant, slotOf(id), id, JSON.stringify(profile)])
    }),

  get: async (tenant, ids) => {
    const rows = await session.all<{ user: string; profile: string }>(
      `SELECT user, profile FROM users WHERE tenant = ?
         AND (slot, user) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
      [tenant, JSON.stringify(ids.map((id) => [slotOf(id), id]))],
    )
    return rows.map(({ user, profile }) => ({ id: user, profile: JSON.parse(profile) as UserProfile }))
  },

  remove: (tenant, user) =>
    session.write(({ run }) => {
      run('DELETE FROM users WHERE tenant = ? AND slot = ? AND user = ?', [tenant, slotOf(user), user])
      run('DELETE FROM topic_members WHERE tenant = ? AND user = ?', [tenant, user])
      run('DELETE FROM devices WHERE tenant = ? AND user = ?', [tenant, user])
      run('UPDATE inbox SET content = NULL WHERE tenant = ? AND user = ? AND content IS NOT NULL', [
        tenant,
        user,
      ])
    }),

  walk: (tenant, stretch, limit) => walk(session, 'users WHERE tenant = ?', [tenant], stretch, limit),
})

export const sqliteTopics = (session: Session): Topics => ({
  add: (tenant, topic, users) =>
    session.write(({ run }) => {
      for (const user of users)
        run(
          'INSERT INTO topic_members (tenant, topic, slot, user) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          [tenant, topic, slotOf(user), user],
        )
    }),

  remove: (tenant, topic, users) =>
    session.write(({ run }) => {
      for (const user of users)
        run('DELETE FROM topic_members WHERE tenant = ? AND topic = ? AND slot = ? AND user = ?', [
          tenant,
          topic,
          slotOf(user),
          user,
        ])
    }),

  walk: (tenant, topic, stretch, limit) =>
    walk(session, 'topic_members WHERE tenant = ? AND topic = ?', [tenant, topic], stretch, limit),
})
