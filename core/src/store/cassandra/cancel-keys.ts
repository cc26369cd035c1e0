import type { types } from 'cassandra-driver'
import { grouped } from '../../group-by.ts'
import type { CancelKeys, KeyedPlace } from '../ports/cancel-keys.ts'
import { forEach, type Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** Less than every place. */
const START: KeyedPlace = { at: -1, notification: '' }

const placeOf = (row: types.Row): KeyedPlace => ({
  notification: String(row.notification),
  at: Number(row.at),
})

/** Reads a cell of `passed`: the time, a blank and the id. */
const passedOf = (cell: unknown): KeyedPlace => {
  if (typeof cell !== 'string') return START
  const split = cell.indexOf(' ')
  return { at: Number(cell.slice(0, split)), notification: cell.slice(split + 1) }
}

/**
 * Stores the notifications of a key in one partition, with the time up to which it is cancelled and the passed place as static
 * columns. Their timestamps are these times, so the latest wins in any order of arrival, without a read. Of equal timestamps,
 * the greater value wins. Nothing is ever deleted.
 */
export const cassandraCancelKeys = (session: Session, retention: number): CancelKeys => {
  const table = session.table('cancel_keys')
  const KEY = 'tenant = ? AND key = ?'
  const enter = `INSERT INTO ${table} (tenant, key, at, notification) VALUES (?, ?, ?, ?) USING TTL ?`
  const set = (column: 'cancelled_at' | 'passed') =>
    `UPDATE ${table} USING TIMESTAMP ? AND TTL ? SET ${column} = ? WHERE ${KEY}`
  const statics = `SELECT DISTINCT tenant, key, cancelled_at, passed FROM ${table} WHERE ${KEY}`
  const listed = `SELECT at, notification FROM ${table}
    WHERE ${KEY} AND (at, notification) > (?, ?) AND (at) <= (?) LIMIT ?`

  return {
    enter: async (tenant, notifications) => {
      const cancelledAt = new Map<string, number>()
      await forEach([...grouped(notifications, ({ key }) => key)], async ([key, together]) => {
        await session.write(
          together.map(({ notification, at, dueAt }) => ({
            query: enter,
            params: [tenant, key, at, notification, ttlUntil(dueAt + retention)],
          })),
        )
        const [row] = await session.rows(statics, [tenant, key])
        if (row && row.cancelled_at !== null) cancelledAt.set(key, Number(row.cancelled_at))
      })
      return notifications.map(({ key, at }) => at <= (cancelledAt.get(key) ?? -1))
    },

    cancel: async (tenant, key, at, limit) => {
      const ttl = ttlUntil(at + retention)
      await session.write([{ query: set('cancelled_at'), params: [at * 1_000, ttl, at, tenant, key] }])
      const [row] = await session.rows(statics, [tenant, key])
      const after = passedOf(row?.passed)
      const rows = await session.rows(listed, [tenant, key, after.at, after.notification, at, limit + 1])
      const found = rows.map(placeOf)
      return { found: found.slice(0, limit), more: found.length > limit }
    },

    cancelledUntil: async (tenant, key) => {
      const [row] = await session.rows(statics, [tenant, key])
      return row && row.cancelled_at !== null ? Number(row.cancelled_at) : undefined
    },

    pass: (tenant, key, { notification, at }) =>
      session.write([
        {
          query: set('passed'),
          params: [at * 1_000, ttlUntil(Date.now() + retention), `${at} ${notification}`, tenant, key],
        },
      ]),
  }
}
