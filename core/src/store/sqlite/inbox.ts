import type { InboxStatus, ItemContent } from '@carillon/schemas'
import type { Inbox, StateChange } from '../port.ts'
import { type Cells, changedCells, checkCursor, inboxItem } from '../state.ts'
import type { Session, Value } from './session.ts'

type Row = { [Cell in keyof Cells]: number | null } & { content: string; acted: string }

const ROW = `content, acted, received_at AS receivedAt, seen_at AS seenAt, read_at AS readAt,
  archived_at AS archivedAt, snoozed_until AS snoozedUntil`

const COLUMNS: Record<keyof Cells, string> = {
  receivedAt: 'received_at',
  seenAt: 'seen_at',
  readAt: 'read_at',
  archivedAt: 'archived_at',
  snoozedUntil: 'snoozed_until',
}

const AWAKE = 'archived_at IS NULL AND (snoozed_until IS NULL OR snoozed_until <= :now)'

/** The same as `hasStatus`, for SQLite to decide. */
const STATUS: Record<InboxStatus, string> = {
  active: AWAKE,
  unread: `${AWAKE} AND read_at IS NULL`,
  unseen: `${AWAKE} AND seen_at IS NULL`,
  read: `${AWAKE} AND read_at IS NOT NULL`,
  archived: 'archived_at IS NOT NULL',
  snoozed: 'archived_at IS NULL AND snoozed_until > :now',
}

const item = ({ content, acted, ...cells }: Row) =>
  inboxItem(JSON.parse(content) as ItemContent, cells, JSON.parse(acted) as Record<string, string>)

const assignments = (change: StateChange): { set: string[]; values: Value[] } => {
  const cells = changedCells(change)
  const set = cells.map(([cell]) => `${COLUMNS[cell]} = ?`)
  const values: Value[] = cells.map(([, time]) => time)
  if (change.acted) {
    set.push('acted = json_patch(acted, ?)')
    const normal = Object.entries(change.acted).map(([name, at]) => [name, new Date(at).toISOString()])
    values.push(JSON.stringify(Object.fromEntries(normal)))
  }
  return { set, values }
}

/**
 * A removed item leaves a row without content until its expiry, so that a redelivery cannot bring it back.
 * Expired rows are not read; `sqlite/purge.ts` takes them away.
 */
export const sqliteInbox = (session: Session): Inbox => ({
  put: async (items) => {
    const now = Date.now()
    const rows = items
      .filter(({ expiresAt }) => expiresAt > now)
      .map(({ tenant, user, content, expiresAt }) => [
        tenant,
        user,
        content.id,
        JSON.stringify(content),
        expiresAt,
      ])
    if (rows.length === 0) return
    await session.write(({ run }) => {
      for (const row of rows)
        run(
          'INSERT INTO inbox (tenant, user, id, content, expires_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          row,
        )
    })
  },

  page: async ({ tenant, user }, { status, category, tag, before, limit }) => {
    checkCursor(before)
    const now = Date.now()
    const values: Value[] = [tenant, user, now]
    const where = [`tenant = ? AND user = ? AND removed = 0 AND expires_at > ?`]
    const add = (condition: string, ...more: Value[]) => {
      where.push(condition)
      values.push(...more)
    }
    const condition = STATUS[status]
    add(condition.replace(':now', '?'), ...(condition.includes(':now') ? [now] : []))
    if (before !== undefined) add('id < ?', before)
    if (category !== undefined) add("content ->> '$.category' = ?", category)
    if (tag !== undefined)
      add("EXISTS (SELECT 1 FROM json_each(content, '$.tags') AS tag WHERE tag.value = ?)", tag)
    const rows = await session.all<Row>(
      `SELECT ${ROW} FROM inbox WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`,
      [...values, limit],
    )
    return rows.map(item)
  },

  counts: async ({ tenant, user }) => {
    const now = Date.now()
    const row = await session.get<{ unread: number; unseen: number }>(
      `SELECT count(*) FILTER (WHERE read_at IS NULL) AS unread, count(*) FILTER (WHERE seen_at IS NULL) AS unseen
       FROM inbox INDEXED BY inbox_counts
       WHERE tenant = ? AND user = ? AND removed = 0 AND archived_at IS NULL
         AND (snoozed_until IS NULL OR snoozed_until <= ?) AND expires_at > ?`,
      [tenant, user, now, now],
    )
    return { unread: row?.unread ?? 0, unseen: row?.unseen ?? 0 }
  },

  get: async ({ tenant, user }, ids) => {
    const rows = await session.all<Row>(
      `SELECT ${ROW} FROM inbox WHERE tenant = ? AND user = ? AND removed = 0 AND expires_at > ?
         AND id IN (SELECT value FROM json_each(?))`,
      [tenant, user, Date.now(), JSON.stringify(ids)],
    )
    return rows.map(item)
  },

  change: async ({ tenant, user }, ids, change) => {
    const { set, values } = assignments(change)
    if (set.length === 0) return
    const sql = `UPDATE inbox SET ${set.join(', ')} WHERE tenant = ? AND user = ? AND id = ? AND removed = 0`
    await session.write(({ run }) => {
      for (const id of ids) run(sql, [...values, tenant, user, id])
    })
  },

  remove: async ({ tenant, user }, ids) => {
    await session.write(({ run }) => {
      for (const id of ids)
        run("UPDATE inbox SET removed = 1, content = '{}' WHERE tenant = ? AND user = ? AND id = ?", [
          tenant,
          user,
          id,
        ])
    })
  },
})
