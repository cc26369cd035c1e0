import { setTimeout as sleep } from 'node:timers/promises'
import type { Reported, UserProfile } from '@carillon/schemas'
import type { Seal } from '../../security/seal.ts'
import type { Users } from '../ports/users.ts'
import {
  ERASURE_SETTLE_MS,
  type Erasure,
  erasureKey,
  erasureTime,
  isVoid,
  liftTime,
} from '../rules/erasure.ts'
import { flattenProfile, profileOf } from '../rules/profile.ts'
import { patched } from '../rules/reported.ts'
import { slotOf } from '../rules/slots.ts'
import { fileAll } from './inbox-filing.ts'
import { OWNER } from './inbox-rows.ts'
import type { Session, Write } from './session.ts'
import { walk } from './walk.ts'

const PUT = `INSERT INTO users (tenant, slot, user, profile) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET profile = excluded.profile`

const REPORTED = 'SELECT reported FROM users WHERE tenant = ? AND slot = ? AND user = ?'
const REPORT = `INSERT INTO users (tenant, slot, user, profile, reported) VALUES (?, ?, ?, '{}', ?)
  ON CONFLICT DO UPDATE SET reported = excluded.reported`

const merged = (old: string | undefined, added: UserProfile): UserProfile =>
  profileOf(
    new Map([...flattenProfile(old ? (JSON.parse(old) as UserProfile) : {}), ...flattenProfile(added)]),
  )

/** Selects whether a tenant has erased any user. Most have not, and then no key has to be computed. */
const EVER = 'SELECT 1 FROM erasures WHERE tenant = ? LIMIT 1'
const ERASURE =
  'SELECT erased_at AS erasedAt, lifted_at AS liftedAt FROM erasures WHERE tenant = ? AND key = ?'
const ERASE = `INSERT INTO erasures (tenant, key, erased_at) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET erased_at = excluded.erased_at`

/** Statements that remove an erased user. Inbox rows stay until they expire, with item ids but no content or state. */
const REMOVALS = [
  'DELETE FROM topic_members WHERE tenant = ? AND user = ?',
  'DELETE FROM devices WHERE tenant = ? AND user = ?',
  'DELETE FROM preferences WHERE tenant = ? AND user = ?',
  'DELETE FROM preference_changes WHERE tenant = ? AND user = ?',
  'DELETE FROM digest_windows WHERE tenant = ? AND user = ?',
  'UPDATE digest_members SET personal = NULL WHERE tenant = ? AND user = ? AND personal IS NOT NULL',
  'DELETE FROM throttles WHERE tenant = ? AND user = ?',
  'DELETE FROM shown_pushes WHERE tenant = ? AND user = ?',
  'DELETE FROM entity_claims WHERE tenant = ? AND user = ?',
  'DELETE FROM notification_absentees WHERE tenant = ? AND user = ?',
  `UPDATE inbox SET content = NULL, labels = NULL, grp = NULL, received_at = NULL, seen_at = NULL, read_at = NULL,
     archived_at = NULL, snoozed_until = NULL, clicked_at = NULL, acted = NULL WHERE owner = ${OWNER}`,
  `DELETE FROM inbox_guide WHERE owner = ${OWNER}`,
  // The ids stay, so that a redelivery does not restore the items.
  'DELETE FROM owners WHERE tenant = ? AND user = ?',
]

type ErasureRow = { erasedAt: number; liftedAt: number | null }

const erasureOf = ({ erasedAt, liftedAt }: ErasureRow): Erasure => ({
  erasedAt,
  ...(liftedAt === null ? {} : { liftedAt }),
})

/** Returns the erasure of one user within a write. */
export const erasureIn = (
  { first }: Pick<Write, 'first'>,
  seal: Seal,
  tenant: string,
  user: string,
): Erasure | undefined => {
  if (first(EVER, [tenant]) === undefined) return undefined
  const row = first<ErasureRow>(ERASURE, [tenant, erasureKey(seal, tenant, user)])
  return row && erasureOf(row)
}

export const sqliteUsers = (session: Session, seal: Seal): Users => ({
  merge: (tenant, users) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      const ever = first(EVER, [tenant]) !== undefined
      for (const { id, profile, acceptedAt = now } of users) {
        const erasure = ever && first<ErasureRow>(ERASURE, [tenant, erasureKey(seal, tenant, id)])
        if (erasure && isVoid(erasureOf(erasure), acceptedAt)) continue
        const slot = slotOf(id)
        const old = first<{ profile: string }>(
          'SELECT profile FROM users WHERE tenant = ? AND slot = ? AND user = ?',
          [tenant, slot, id],
        )
        run(PUT, [tenant, slot, id, JSON.stringify(merged(old?.profile, profile))])
      }
    }),

  put: (tenant, { id, profile }) =>
    session.write(({ run, first }) => {
      const key = erasureKey(seal, tenant, id)
      const erasure = first<ErasureRow>(ERASURE, [tenant, key])
      if (erasure)
        run('UPDATE erasures SET lifted_at = ? WHERE tenant = ? AND key = ?', [
          liftTime(erasureOf(erasure), Date.now()),
          tenant,
          key,
        ])
      run(PUT, [tenant, slotOf(id), id, JSON.stringify(profile)])
    }),

  get: async (tenant, ids) => {
    const rows = await session.all<{ user: string; profile: string; reported: string | null }>(
      `SELECT user, profile, reported FROM users WHERE tenant = ?
         AND (slot, user) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
      [tenant, JSON.stringify(ids.map((id) => [slotOf(id), id]))],
    )
    return rows.map(({ user, profile, reported }) => ({
      id: user,
      profile: JSON.parse(profile) as UserProfile,
      ...(reported === null ? {} : { reported: JSON.parse(reported) as Reported }),
    }))
  },

  report: (tenant, user, patch, since) =>
    session.write(({ run, first }) => {
      if (isVoid(erasureIn({ first }, seal, tenant, user), since ?? Date.now())) return false
      const place = [tenant, slotOf(user), user]
      const row = first<{ reported: string | null }>(REPORTED, place)
      const reported = patched(JSON.parse(row?.reported ?? '{}') as Reported, patch)
      const text = Object.keys(reported).length === 0 ? null : JSON.stringify(reported)
      run(REPORT, [...place, text])
      return true
    }),

  remove: async (tenant, user) => {
    const key = erasureKey(seal, tenant, user)
    const mark = () =>
      session.write(({ run, first }) => {
        const known = first<ErasureRow>(ERASURE, [tenant, key])
        const erasedAt = erasureTime(known && erasureOf(known), Date.now())
        run(ERASE, [tenant, key, erasedAt])
        return erasedAt
      })
    const removeAll = () =>
      session.write((write) => {
        const { run } = write
        // Also overwrites freed pages.
        run('PRAGMA secure_delete = ON', [])
        try {
          fileAll(write)
          run('DELETE FROM users WHERE tenant = ? AND slot = ? AND user = ?', [tenant, slotOf(user), user])
          for (const sql of REMOVALS) run(sql, [tenant, user])
        } finally {
          run('PRAGMA secure_delete = OFF', [])
        }
      })
    await mark()
    await sleep(ERASURE_SETTLE_MS)
    const erasedAt = await mark()
    await removeAll()
    return erasedAt
  },

  erased: async (tenant, users) => {
    if (!(await session.get(EVER, [tenant]))) return new Map()
    const keys = new Map(users.map((user) => [erasureKey(seal, tenant, user), user]))
    const rows = await session.all<ErasureRow & { key: string }>(
      `SELECT key, erased_at AS erasedAt, lifted_at AS liftedAt FROM erasures
       WHERE tenant = ? AND key IN (SELECT value FROM json_each(?))`,
      [tenant, JSON.stringify([...keys.keys()])],
    )
    return new Map(rows.map((row) => [keys.get(row.key) ?? '', erasureOf(row)]))
  },

  walk: (tenant, stretch, limit) => walk(session, 'users WHERE tenant = ?', [tenant], stretch, limit),
})
