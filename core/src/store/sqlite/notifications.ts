import type { NotificationRecord, Notifications } from '../port.ts'
import { earliestClaims, keptUntil, notificationState } from '../state.ts'
import type { Session } from './session.ts'

type Row = { content: string; lanes: string; cancelledAt: number | null }
type Lanes = Record<string, { reached: number; finished?: true }>

/** The record accepted first stays; progress and cancellation live in other columns, and may come before it. */
const PUT = `INSERT INTO notifications (tenant, id, content, accepted_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET content = excluded.content, accepted_at = excluded.accepted_at, expires_at = excluded.expires_at
  WHERE content IS NULL OR excluded.accepted_at <= accepted_at`

const RECORDED = `SELECT accepted_at AS at FROM notifications
  WHERE tenant = ? AND id = ? AND content IS NOT NULL AND expires_at > ?`
const CLAIMED = 'SELECT at FROM claims WHERE tenant = ? AND id = ? AND expires_at > ?'
const CLAIM = 'INSERT OR REPLACE INTO claims (tenant, id, at, expires_at) VALUES (?, ?, ?, ?)'

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

  claim: (tenant, wanted) =>
    session.write(({ run, first }) => {
      const times = earliestClaims(wanted)
      for (const [id, at] of times) {
        const now = Date.now()
        const known =
          first<{ at: number }>(RECORDED, [tenant, id, now]) ??
          first<{ at: number }>(CLAIMED, [tenant, id, now])
        if (known) times.set(id, known.at)
        else run(CLAIM, [tenant, id, at, at + retention])
      }
      return times
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
