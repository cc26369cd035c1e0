import { acceptancesCell, claimsById, readAcceptances, standing, withClaim } from '../acceptance.ts'
import type { Acceptance, NotificationRecord, Notifications } from '../port.ts'
import { keptUntil, notificationState, recordedOf } from '../state.ts'
import type { Session } from './session.ts'

type Row = { content: string; lanes: string; cancelledAt: number | null }
type Lanes = Record<string, { reached: number; finished?: true }>

/** The record accepted first stays; progress and cancellation live in other columns, and may come before it. */
const PUT = `INSERT INTO notifications (tenant, id, content, accepted_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET content = excluded.content, accepted_at = excluded.accepted_at, expires_at = excluded.expires_at
  WHERE content IS NULL OR excluded.accepted_at <= accepted_at`

const RECORDED = `SELECT accepted_at AS at, content ->> '$.fingerprint' AS fingerprint FROM notifications
  WHERE tenant = ? AND id = ? AND content IS NOT NULL AND expires_at > ?`
const CLAIMED = 'SELECT acceptances FROM claims WHERE tenant = ? AND id = ? AND expires_at > ?'
const CLAIM = 'INSERT OR REPLACE INTO claims (tenant, id, acceptances, expires_at) VALUES (?, ?, ?, ?)'

export const sqliteNotifications = (session: Session, retention: number): Notifications => ({
  put: (records) =>
    session.write(({ run }) => {
      for (const record of records) {
        const { tenant, id, acceptedAt } = record
        run(PUT, [tenant, id, JSON.stringify(record), acceptedAt, keptUntil(record, retention)])
      }
    }, 'committed'),

  get: async (tenant, id) => {
    const now = Date.now()
    const row = await session.get<Row>(
      `SELECT content, lanes, cancelled_at AS cancelledAt FROM notifications
       WHERE tenant = ? AND id = ? AND content IS NOT NULL AND expires_at > ?`,
      [tenant, id, now],
    )
    if (!row) return
    const record = JSON.parse(row.content) as NotificationRecord
    const lanes = Object.values(JSON.parse(row.lanes) as Lanes)
    const finished = lanes.filter((lane) => lane.finished).length
    const state = notificationState(record, { finished, cancelled: row.cancelledAt !== null }, now)
    return { ...record, state, recipients: lanes.reduce((sum, { reached }) => sum + reached, record.direct) }
  },

  recorded: async (tenant, ids) => {
    const rows = await session.all<{ id: string; content: string }>(
      `SELECT id, content FROM notifications
       WHERE tenant = ? AND id IN (SELECT value FROM json_each(?)) AND content IS NOT NULL AND expires_at > ?`,
      [tenant, JSON.stringify(ids), Date.now()],
    )
    return new Map(rows.map(({ id, content }) => [id, recordedOf(JSON.parse(content) as NotificationRecord)]))
  },

  claim: (tenant, wanted) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      const answers = new Array<Acceptance>(wanted.length)
      for (const [id, group] of claimsById(wanted)) {
        const row = first<Acceptance>(RECORDED, [tenant, id, now])
        // The driver adds a member of its own to rows.
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

  progress: (tenant, id, { lane, reached, finished }) => {
    const patch = JSON.stringify({ [lane]: { reached, ...(finished ? { finished } : {}) } })
    return session.write(({ run }) => {
      run(
        `INSERT INTO notifications (tenant, id, lanes, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET lanes = json_patch(lanes, excluded.lanes)`,
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
})
