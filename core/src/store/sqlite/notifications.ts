import type {
  Acceptance,
  NotificationProgress,
  NotificationRecord,
  Notifications,
} from '../ports/notifications.ts'
import { acceptancesCell, claimsById, readAcceptances, standing, withClaim } from '../rules/acceptance.ts'
import { amendmentsOf } from '../rules/amendments.ts'
import { keptUntil, localChains, notificationState, recordedOf } from '../rules/notification-state.ts'
import type { Session } from './session.ts'

type Row = { content: string; chains: string; cancelledAt: number | null; amendments: string | null }
type Chains = Record<string, { reached: number; finished?: true }>
/** `at`: the place in the list, which may differ from the record's `acceptedAt`. */
type Listed = Row & { id: string; at: number; acceptedAt: number }

const COLUMNS =
  'n.id, n.content, n.chains, n.cancelled_at AS cancelledAt, n.accepted_at AS acceptedAt, n.amendments'

/** Greater than every place. */
const NEWEST = { at: Number.MAX_SAFE_INTEGER, id: '' }

const OF_TENANT = `SELECT ${COLUMNS}, n.accepted_at AS at FROM notifications AS n
  WHERE n.tenant = ?1 AND n.content IS NOT NULL AND n.expires_at > ?2
    AND (n.accepted_at, n.id) < (?3, ?4) AND n.accepted_at >= ?5
  ORDER BY n.accepted_at DESC, n.id DESC LIMIT ?6`

const OF_ABSENT = `SELECT ${COLUMNS}, a.at FROM notification_absentees AS a
  JOIN notifications AS n ON n.tenant = a.tenant AND n.id = a.id
  WHERE a.tenant = ?2 AND a.user = ?1 AND n.content IS NOT NULL AND n.expires_at > ?3
    AND (a.at, a.id) < (?4, ?5) AND a.at >= ?6
  ORDER BY a.at DESC, a.id DESC LIMIT ?7`

const ABSENT = `INSERT INTO notification_absentees (tenant, user, at, id, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`

const progressOf = ({ content, chains: cell, cancelledAt, amendments }: Row): NotificationProgress => {
  const record = JSON.parse(content) as NotificationRecord
  const progress = JSON.parse(cell) as Chains
  const chains = Object.values(progress)
  const finished = chains.filter((chain) => chain.finished).length
  const local = localChains(Object.keys(progress).map(Number))
  const state = notificationState(record, { finished, local, cancelled: cancelledAt !== null }, Date.now())
  return {
    ...record,
    state,
    ...(cancelledAt === null ? {} : { cancelledAt }),
    ...(amendments === null
      ? {}
      : amendmentsOf(Object.values(JSON.parse(amendments) as Record<string, string>))),
    recipients: chains.reduce((sum, { reached }) => sum + reached, record.direct),
  }
}

const find = async (session: Session, tenant: string, ids: readonly string[]) => {
  const rows = await session.all<Row & { id: string }>(
    `SELECT ${COLUMNS} FROM notifications AS n
     WHERE n.tenant = ? AND n.id IN (SELECT value FROM json_each(?)) AND n.content IS NOT NULL AND n.expires_at > ?`,
    [tenant, JSON.stringify(ids), Date.now()],
  )
  return new Map(rows.map((row) => [row.id, progressOf(row)]))
}

/**
 * Keeps the record that was accepted first. Progress and cancellation are other columns and may be written
 * before it.
 */
const PUT = `INSERT INTO notifications (tenant, id, content, accepted_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET content = excluded.content, accepted_at = excluded.accepted_at, expires_at = excluded.expires_at
  WHERE content IS NULL OR excluded.accepted_at <= accepted_at`

const AMEND = `UPDATE notifications SET amendments = json_patch(coalesce(amendments, '{}'), ?)
  WHERE tenant = ? AND id = ? AND content IS NOT NULL`

const RECORDED = `SELECT accepted_at AS at, content ->> '$.fingerprint' AS fingerprint FROM notifications
  WHERE tenant = ? AND id = ? AND content IS NOT NULL AND expires_at > ?`
const CLAIMED = 'SELECT acceptances FROM claims WHERE tenant = ? AND id = ? AND expires_at > ?'
const CLAIM = 'INSERT OR REPLACE INTO claims (tenant, id, acceptances, expires_at) VALUES (?, ?, ?, ?)'

export const sqliteNotifications = (session: Session, retention: number): Notifications => ({
  put: (records) =>
    session.write(({ run }) => {
      for (const record of records) {
        const { tenant, id, acceptedAt } = record
        const until = keptUntil(record, retention)
        run(PUT, [tenant, id, JSON.stringify(record), acceptedAt, until])
        for (const user of record.absent ?? []) run(ABSENT, [tenant, user, acceptedAt, id, until])
      }
    }, 'committed'),

  get: async (tenant, id) => (await find(session, tenant, [id])).get(id),

  find: (tenant, ids) => find(session, tenant, ids),

  list: async (tenant, { absent, from = 0, before = NEWEST, limit }) => {
    const values = [tenant, Date.now(), before.at, before.id, from, limit]
    const rows = await (absent === undefined
      ? session.all<Listed>(OF_TENANT, values)
      : session.all<Listed>(OF_ABSENT, [absent, ...values]))
    const last = rows.at(-1)
    return {
      notifications: rows.flatMap((row) => (row.at === row.acceptedAt ? [progressOf(row)] : [])),
      ...(last && rows.length === limit ? { next: { at: last.at, id: last.id } } : {}),
    }
  },

  recorded: async (tenant, ids) => {
    const rows = await session.all<Pick<Listed, 'id' | 'content' | 'cancelledAt'>>(
      `SELECT id, content, cancelled_at AS cancelledAt FROM notifications
       WHERE tenant = ? AND id IN (SELECT value FROM json_each(?)) AND content IS NOT NULL AND expires_at > ?`,
      [tenant, JSON.stringify(ids), Date.now()],
    )
    return new Map(
      rows.map(({ id, content, cancelledAt }) => [
        id,
        recordedOf(JSON.parse(content) as NotificationRecord, cancelledAt !== null),
      ]),
    )
  },

  claim: (tenant, wanted) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      const answers = new Array<Acceptance>(wanted.length)
      for (const [id, group] of claimsById(wanted)) {
        const row = first<Acceptance>(RECORDED, [tenant, id, now])
        // The driver adds a property to rows.
        const record = row && { at: row.at, fingerprint: row.fingerprint }
        const cell = first<{ acceptances: string }>(CLAIMED, [tenant, id, now])?.acceptances
        let held = record ? [record] : cell === undefined ? [] : readAcceptances(cell)
        for (const { claim, index } of group) {
          const found = record ?? standing(held, claim)
          if (!found) {
            held = withClaim(held, claim)
            run(CLAIM, [tenant, id, acceptancesCell(held), claim.until])
          }
          answers[index] = found ?? { at: claim.at, fingerprint: claim.fingerprint }
        }
      }
      return answers
    }),

  progress: (tenant, id, { chain, reached, finished }) => {
    const patch = JSON.stringify({ [chain]: { reached, ...(finished ? { finished } : {}) } })
    return session.write(({ run }) => {
      run(
        `INSERT INTO notifications (tenant, id, chains, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET chains = json_patch(chains, excluded.chains)`,
        [tenant, id, patch, Date.now() + retention],
      )
    })
  },

  cancel: (tenant, id, at) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO notifications (tenant, id, cancelled_at, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET cancelled_at = excluded.cancelled_at`,
        [tenant, id, at, Date.now() + retention],
      )
    }),

  amend: (tenant, { id }, key, amendment) =>
    session.write(({ run }) => {
      // The amendment is stored as a string, because json_patch would remove its null values.
      const patch = JSON.stringify({ [key]: JSON.stringify(amendment) })
      run(AMEND, [patch, tenant, id])
    }),
})
