import type { InboxItem, ItemContent } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { earliestUuid7, uuid7Time } from '../../notification/ids.ts'
import { groupedSlices, slices } from '../grouping.ts'
import type { Inbox, NewItem, Owner, StateChange } from '../ports/inbox.ts'
import {
  type Cells,
  changedCells,
  checkCursor,
  count,
  hasStatus,
  inboxItem,
  type Standing,
} from '../state.ts'
import { LEAD_MS, writeClock } from './clock.ts'
import { datedIds, monthOf, monthsBetween } from './months.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const COLUMNS: Record<keyof Cells, string> = {
  receivedAt: 'received_at',
  seenAt: 'seen_at',
  readAt: 'read_at',
  archivedAt: 'archived_at',
  snoozedUntil: 'snoozed_until',
}

const STANDING = 'expires_at, seen_at, read_at, archived_at, snoozed_until'
const ROW = `content, received_at, acted, ${STANDING}`

/** State outlives the month its item lies in, so that it never lapses before the content. */
const MONTH_MS = 31 * 86_400_000
/** Rows asked for at first: some more than wanted, because not all have the status. */
const FIRST = { least: 64, most: 500 }
const IDS_PER_QUERY = 100

const ms = (value: unknown): number | null => (value instanceof Date ? value.getTime() : null)

const standing = (row: types.Row): Standing => ({
  seenAt: ms(row.seen_at),
  readAt: ms(row.read_at),
  archivedAt: ms(row.archived_at),
  snoozedUntil: ms(row.snoozed_until),
})

/** Rows without content are state of an item that is gone; Cassandra drops them in time. */
const alive = (row: types.Row, now: number): boolean => (ms(row.expires_at) ?? 0) > now

const itemOf = (row: types.Row): InboxItem => {
  const acted = row.acted instanceof Map ? (row.acted as Map<string, Date>) : new Map<string, Date>()
  return inboxItem(
    JSON.parse(String(row.content)) as ItemContent,
    { receivedAt: ms(row.received_at), ...standing(row) },
    Object.fromEntries([...acted].map(([name, at]) => [name, at.toISOString()])),
  )
}

const assignments = (change: StateChange): { set: string[]; values: unknown[] } => {
  const cells = changedCells(change)
  const set = cells.map(([cell]) => `${COLUMNS[cell]} = ?`)
  const values: unknown[] = cells.map(([, time]) => time)
  if (change.acted) {
    set.push('acted = acted + ?')
    values.push(new Map(Object.entries(change.acted).map(([name, at]) => [name, new Date(at)])))
  }
  return { set, values }
}

const byMonth = (ids: readonly string[], size: number) =>
  groupedSlices(datedIds(ids), ({ month }) => month, size).map(([month, some]) => ({ month, some }))

/** What the other parts of the adapter ask of inboxes. */
export type CassandraInbox = Inbox & {
  /**
   * Removes everything of a user's. What was accepted at or before `erasedAt` (epoch ms) stays removed when it is written
   * afterwards.
   */
  clear(owner: Owner, erasedAt: number): Promise<void>
}

/**
 * Content is one immutable cell, written with the time of acceptance; state is other cells, and a removal a row
 * deletion, both written later than that. So whatever order writes arrive in, a redelivery undoes nothing, and
 * nothing has to be read first. `retention` (ms) is how far back reads go.
 */
export const cassandraInbox = (session: Session, retention: number): CassandraInbox => {
  const inbox = session.table('inbox')
  const clock = writeClock(LEAD_MS)
  const ITEM = `tenant = ? AND user = ? AND month = ?`
  const insert = `INSERT INTO ${inbox} (tenant, user, month, id, content, expires_at) VALUES (?, ?, ?, ?, ?, ?)
    USING TIMESTAMP ? AND TTL ?`

  const insertion = ({ tenant, user, content, expiresAt }: NewItem, now: number): Statement => {
    const accepted = uuid7Time(content.id)
    if (accepted === undefined) throw new Error('an item id must be a UUIDv7')
    const until = Math.min(expiresAt, accepted + retention + MONTH_MS)
    const json = JSON.stringify(content)
    const cells = [tenant, user, monthOf(accepted), content.id, json, expiresAt]
    return { query: insert, params: [...cells, accepted * 1_000, ttlUntil(until, now)] }
  }

  /** Months that reads look at, newest first. */
  const months = (now: number, before = now + LEAD_MS): number[] =>
    monthsBetween(monthOf(Math.min(before, now + LEAD_MS)), monthOf(now - retention))

  const remove: Inbox['remove'] = async ({ tenant, user }, ids) => {
    const time = clock()
    const query = `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${ITEM} AND id IN ?`
    await forEach(byMonth(ids, IDS_PER_QUERY), ({ month, some }) =>
      session.write([{ query, params: [time, tenant, user, month, some.map(({ id }) => id)] }]),
    )
  }

  return {
    put: async (items) => {
      const now = Date.now()
      const partitions = new Map<string, Statement[]>()
      for (const item of items) {
        if (item.expiresAt <= now) continue
        const statement = insertion(item, now)
        const key = `${item.tenant}\n${item.user}\n${statement.params[2]}`
        const rows = partitions.get(key)
        if (rows) rows.push(statement)
        else partitions.set(key, [statement])
      }
      await forEach([...partitions.values()], session.write)
    },

    page: async ({ tenant, user }, { status, category, tag, before, limit }) => {
      checkCursor(before)
      const now = Date.now()
      const older = before === undefined ? [] : [before]
      const query = `SELECT ${ROW} FROM ${inbox} WHERE ${ITEM}${older.length > 0 ? ' AND id < ?' : ''}`
      const partitions = months(now, uuid7Time(before ?? '')).map((month) => [tenant, user, month, ...older])
      const size = Math.min(FIRST.most, Math.max(FIRST.least, limit))
      const found: InboxItem[] = []
      // Two months at a time: the page that people open first often reaches into the month before.
      for (const two of slices(partitions, 2))
        for await (const rows of session.scan(query, two, size))
          for (const row of rows) {
            if (!alive(row, now) || !hasStatus(status, standing(row), now)) continue
            const item = itemOf(row)
            if (category !== undefined && item.category !== category) continue
            if (tag !== undefined && !item.tags?.includes(tag)) continue
            if (found.push(item) >= limit) return found
          }
      return found
    },

    arrivals: async ({ tenant, user }, { before, limit }) => {
      const now = Date.now()
      const older = before === undefined ? [] : [before]
      const query = `SELECT id, content, expires_at FROM ${inbox} WHERE ${ITEM}${before === undefined ? '' : ' AND id < ?'}`
      const partitions = months(now, uuid7Time(before ?? '')).map((month) => [tenant, user, month, ...older])
      const found: { id: string; notification: string }[] = []
      for (const two of slices(partitions, 2))
        for await (const rows of session.scan(query, two, limit))
          for (const row of rows) {
            if (!alive(row, now)) continue
            const { notification } = JSON.parse(String(row.content)) as ItemContent
            if (found.push({ id: String(row.id), notification }) === limit) return found
          }
      return found
    },

    counts: async ({ tenant, user }) => {
      const now = Date.now()
      const query = `SELECT ${STANDING} FROM ${inbox} WHERE ${ITEM}`
      const counts = { unread: 0, unseen: 0 }
      const partitions = months(now).map((month) => [tenant, user, month])
      for await (const rows of session.scan(query, partitions))
        for (const row of rows) if (alive(row, now)) count(counts, standing(row), now)
      return counts
    },

    get: async ({ tenant, user }, ids) => {
      const now = Date.now()
      const query = `SELECT ${ROW} FROM ${inbox} WHERE ${ITEM} AND id IN ?`
      const found: InboxItem[] = []
      await forEach(byMonth(ids, IDS_PER_QUERY), async ({ month, some }) => {
        const rows = await session.rows(query, [tenant, user, month, some.map(({ id }) => id)])
        for (const row of rows) if (alive(row, now)) found.push(itemOf(row))
      })
      return found
    },

    change: async ({ tenant, user }, ids, change) => {
      const { set, values } = assignments(change)
      if (set.length === 0) return
      const query = `UPDATE ${inbox} USING TIMESTAMP ? AND TTL ? SET ${set.join(', ')} WHERE ${ITEM} AND id = ?`
      const now = Date.now()
      const written = clock()
      await forEach(byMonth(ids, IDS_PER_QUERY), ({ month, some }) =>
        session.write(
          some.map(({ id, time }) => ({
            query,
            params: [written, ttlUntil(time + retention + MONTH_MS, now), ...values, tenant, user, month, id],
          })),
        ),
      )
    },

    remove,

    clear: async (owner, erasedAt) => {
      const { tenant, user } = owner
      const now = Date.now()
      await forEach(months(now), (month) =>
        session.write([
          {
            query: `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${ITEM}`,
            params: [erasedAt * 1_000, tenant, user, month],
          },
        ]),
      )
      // Ids may carry a later time than that; those are removed one by one, for a deletion of all would reach further.
      const ahead = await Promise.all(
        monthsBetween(monthOf(now + LEAD_MS), monthOf(erasedAt)).map((month) =>
          session.rows(`SELECT id FROM ${inbox} WHERE ${ITEM} AND id >= ?`, [
            tenant,
            user,
            month,
            earliestUuid7(erasedAt),
          ]),
        ),
      )
      await remove(
        owner,
        ahead.flat().map((row) => String(row.id)),
      )
    },
  }
}
