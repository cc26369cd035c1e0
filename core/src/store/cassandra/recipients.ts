import { hash } from 'node:crypto'
import { grouped } from '../../group-by.ts'
import { itemId, uuid7Time } from '../../notification/ids.ts'
import type { NamedItem, NewItem } from '../ports/inbox.ts'
import { whole } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'

/** Partitions per notification. For ten million recipients, each stays below about 10 MB. */
const PARTS = 16

/** Pages of names read at a time, up to 500 names each. */
const READ = 2

/**
 * Stores the recipients of notifications, in rows of as many names as were stored together. Names suffice,
 * because the id of an item is derived from the notification, the user and the time of acceptance.
 */
export const cassandraRecipients = (session: Session) => {
  const recipients = session.table('recipients')
  const insert = `INSERT INTO ${recipients} (tenant, notification, part, page, accepted_at, users)
    VALUES (?, ?, ?, ?, ?, ?) USING TTL ?`

  return {
    /** Stores the recipients of items of one notification. Repeating it writes the same row. */
    put: async (items: readonly NewItem[], ttl: number): Promise<void> => {
      const byTime = grouped(items, ({ id }) => uuid7Time(id) ?? 0)
      await forEach([...byTime], async ([acceptedAt, some]) => {
        const { tenant, content } = some[0]!
        const users = JSON.stringify(some.map(({ user }) => user))
        const page = hash('sha256', users, 'base64url')
        const part = Number.parseInt(hash('sha256', page, 'hex').slice(0, 8), 16) % PARTS
        await session.write([
          { query: insert, params: [tenant, content.notification, part, page, acceptedAt, users, ttl] },
        ])
      })
    },

    /** Cursors name the part, and the last page read in it. */
    page: async (
      tenant: string,
      notification: string,
      after = '0 ',
    ): Promise<{ named: NamedItem[]; next?: string }> => {
      const query = `SELECT page, accepted_at, users FROM ${recipients}
        WHERE tenant = ? AND notification = ? AND part = ? AND page > ? LIMIT ?`
      const split = after.indexOf(' ')
      let page = after.slice(split + 1)
      for (let part = Number(after.slice(0, split)); part < PARTS; part++, page = '') {
        const rows = await session.rows(query, [tenant, notification, part, page, READ])
        if (rows.length === 0) continue
        const named = rows.flatMap((row) => {
          const acceptedAt = whole(row.accepted_at) ?? 0
          const users = JSON.parse(String(row.users)) as string[]
          return users.map((user) => ({ user, id: itemId(tenant, notification, user, acceptedAt) }))
        })
        const ended = rows.length < READ
        if (ended && part + 1 === PARTS) return { named }
        return { named, next: ended ? `${part + 1} ` : `${part} ${String(rows.at(-1)?.page)}` }
      }
      return { named: [] }
    },
  }
}
