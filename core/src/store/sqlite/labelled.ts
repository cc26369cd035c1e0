import type { Labelled } from '../ports/labelled.ts'
import type { Session } from './session.ts'

const ENTER = `INSERT INTO labelled (tenant, label, at, notification, context, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`
const IS_RECALLED = `SELECT 1 FROM label_recalls
  WHERE tenant = ? AND label = ? AND context IN ('', ?) AND recalled_at >= ? AND expires_at > ?`
const RECALL = `INSERT INTO label_recalls (tenant, label, context, recalled_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET recalled_at = max(recalled_at, excluded.recalled_at),
    expires_at = max(expires_at, excluded.expires_at)`
const LIST = `SELECT at, notification, context FROM labelled
  WHERE tenant = ? AND label = ? AND (at, notification) < (?, ?) AND expires_at > ?
  ORDER BY at DESC, notification DESC LIMIT ?`

type Found = { at: number; notification: string; context: string }

export const sqliteLabelled = (session: Session, retention: number): Labelled => ({
  enter: (tenant, notifications) =>
    session.write(({ run, first }) =>
      notifications.map(({ label, context, notification, at, dueAt }) => {
        run(ENTER, [tenant, label, at, notification, context, dueAt + retention])
        return first(IS_RECALLED, [tenant, label, context, at, Date.now()]) !== undefined
      }),
    ),

  recall: async (tenant, label, { at, context = '' }) => {
    await session.write(({ run }) => run(RECALL, [tenant, label, context, at, at + retention]), 'synced')
  },

  list: async (tenant, label, { before, limit }) => {
    const rows = await session.all<Found>(LIST, [
      ...[tenant, label, before.at, before.notification, Date.now(), limit],
    ])
    const found = rows.map(({ at, notification, context }) => ({ at, notification, context }))
    const last = found.at(-1)
    return {
      found,
      ...(last && found.length === limit ? { next: { at: last.at, notification: last.notification } } : {}),
    }
  },
})
