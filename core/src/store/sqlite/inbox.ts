import type { InboxStatus, ItemContent } from '@carillon/schemas'
import type { Inbox, StateChange } from '../ports/inbox.ts'
import { type Cells, changedCells, checkCursor, inboxItem } from '../state.ts'
import type { Session, Value } from './session.ts'

type Row = { [Cell in keyof Cells]: number | null } & { content: string; acted: string | null }

const SELECT = `SELECT c.content, acted, received_at AS receivedAt, seen_at AS seenAt, read_at AS readAt,
    archived_at AS archivedAt, snoozed_until AS snoozedUntil
  FROM inbox JOIN inbox_content AS c ON c.row = inbox.content`

const COLUMNS: Record<keyof Cells, string> = {
  receivedAt: 'received_at',
  seenAt: 'seen_at',
  readAt: 'read_at',
  archivedAt: 'archived_at',
  snoozedUntil: 'snoozed_until',
}

const AWAKE = 'archived_at IS NULL AND (snoozed_until IS NULL OR snoozed_until <= ?3)'

/** The same as `hasStatus`, for SQLite to decide; the third value is now. */
const STATUS: Record<InboxStatus, string> = {
  active: AWAKE,
  unread: `${AWAKE} AND read_at IS NULL`,
  unseen: `${AWAKE} AND seen_at IS NULL`,
  read: `${AWAKE} AND read_at IS NOT NULL`,
  archived: 'archived_at IS NOT NULL',
  snoozed: 'archived_at IS NULL AND snoozed_until > ?3',
}

const item = ({ content, acted, ...cells }: Row) =>
  inboxItem(JSON.parse(content) as ItemContent, cells, JSON.parse(acted ?? '{}') as Record<string, string>)

const assignments = (change: StateChange): { set: string[]; values: Value[] } => {
  const cells = changedCells(change)
  const set = cells.map(([cell]) => `${COLUMNS[cell]} = ?`)
  const values: Value[] = cells.map(([, time]) => time)
  if (change.acted) {
    set.push("acted = json_patch(coalesce(acted, '{}'), ?)")
    const normal = Object.entries(change.acted).map(([name, at]) => [name, new Date(at).toISOString()])
    values.push(JSON.stringify(Object.fromEntries(normal)))
  }
  return { set, values }
}

/**
 * Removing an item takes its content and leaves its row until the expiry, so that a redelivery cannot bring it
 * back. Expired rows are not read; `sqlite/purge.ts` takes them away.
 */
export const sqliteInbox = (session: Session): Inbox => ({
  put: async (items) => {
    const now = Date.now()
    const rows = items.filter(({ expiresAt }) => expiresAt > now)
    if (rows.length === 0) return
    const contents = rows.map(({ content }) => JSON.stringify(content))
    await session.write(({ run }) => {
      for (const [index, { tenant, user, content, expiresAt }] of rows.entries()) {
        const { row } = run('INSERT INTO inbox_content (content) VALUES (?)', [contents[index] ?? ''])
        const { changes } = run(
          'INSERT INTO inbox (tenant, user, id, content, expires_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          [tenant, user, content.id, row, expiresAt],
        )
        if (changes === 0) run('DELETE FROM inbox_content WHERE row = ?', [row])
      }
    }, 'committed')
  },

  page: async ({ tenant, user }, { status, category, tag, before, limit }) => {
    checkCursor(before)
    const values: Value[] = [tenant, user, Date.now()]
    const bind = (value: Value) => `?${values.push(value)}`
    const where = ['tenant = ?1 AND user = ?2 AND expires_at > ?3', STATUS[status]]
    if (before !== undefined) where.push(`id < ${bind(before)}`)
    if (category !== undefined) where.push(`c.content ->> '$.category' = ${bind(category)}`)
    if (tag !== undefined)
      where.push(
        `EXISTS (SELECT 1 FROM json_each(c.content, '$.tags') AS tag WHERE tag.value = ${bind(tag)})`,
      )
    const rows = await session.all<Row>(
      `${SELECT} WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ${bind(limit)}`,
      values,
    )
    return rows.map(item)
  },

  arrivals: async ({ tenant, user }, { before = '~', limit }) => {
    const rows = await session.all<{ id: string; notification: string }>(
      `SELECT id, c.content ->> '$.notification' AS notification
       FROM inbox JOIN inbox_content AS c ON c.row = inbox.content
       WHERE tenant = ? AND user = ? AND expires_at > ? AND id < ? ORDER BY id DESC LIMIT ?`,
      [tenant, user, Date.now(), before, limit],
    )
    return rows.map(({ id, notification }) => ({ id, notification }))
  },

  counts: async ({ tenant, user }) => {
    const now = Date.now()
    const row = await session.get<{ unread: number; unseen: number }>(
      `SELECT count(*) FILTER (WHERE read_at IS NULL) AS unread, count(*) FILTER (WHERE seen_at IS NULL) AS unseen
       FROM inbox
       WHERE tenant = ? AND user = ? AND content IS NOT NULL AND archived_at IS NULL
         AND (snoozed_until IS NULL OR snoozed_until <= ?) AND expires_at > ?`,
      [tenant, user, now, now],
    )
    return { unread: row?.unread ?? 0, unseen: row?.unseen ?? 0 }
  },

  get: async ({ tenant, user }, ids) => {
    const rows = await session.all<Row>(
      `${SELECT} WHERE tenant = ? AND user = ? AND expires_at > ?
         AND id IN (SELECT value FROM json_each(?))`,
      [tenant, user, Date.now(), JSON.stringify(ids)],
    )
    return rows.map(item)
  },

  change: async ({ tenant, user }, ids, change) => {
    const { set, values } = assignments(change)
    if (set.length === 0) return
    const sql = `UPDATE inbox SET ${set.join(', ')} WHERE tenant = ? AND user = ? AND id = ? AND content IS NOT NULL`
    await session.write(({ run }) => {
      for (const id of ids) run(sql, [...values, tenant, user, id])
    })
  },

  remove: async ({ tenant, user }, ids) => {
    const sql =
      'UPDATE inbox SET content = NULL WHERE tenant = ? AND user = ? AND id = ? AND content IS NOT NULL'
    await session.write(({ run }) => {
      for (const id of ids) run(sql, [tenant, user, id])
    })
  },
})
