import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { slices } from '../grouping.ts'
import { writeClock } from './clock.ts'
import { MONTH_MS } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor, ttlUntil } from './ttl.ts'

/** Content that the items of one notification share, as JSON. */
export type SharedContent = { content: string | null; recalled: boolean }

const AT_ONCE = 64
/** Maximum number of written contents that a process remembers. */
const WRITTEN_MAX = 10_000

/**
 * Content is one cell, written with the time at which it was accepted: of two the one accepted later stays, in whatever
 * order they are written. A recalled notification is kept as such, for items that are stored later.
 */
export const cassandraContents = (session: Session, retention: number) => {
  const contents = session.table('contents')
  const clock = writeClock()
  /** The expiry with which this process wrote a content, by hash. */
  const written = new LRUCache<string, number>({ max: WRITTEN_MAX })
  const KEY = "tenant = ? AND notification = ? AND rendering = ''"
  const insert = `INSERT INTO ${contents} (tenant, notification, rendering, content) VALUES (?, ?, '', ?)
    USING TIMESTAMP ? AND TTL ?`

  const one = async (tenant: string, notification: string): Promise<SharedContent> => {
    const [row] = await session.rows(`SELECT content, recalled_at FROM ${contents} WHERE ${KEY}`, [
      tenant,
      notification,
    ])
    return { content: (row?.content as string | null) ?? null, recalled: (row?.recalled_at ?? null) !== null }
  }

  return {
    /** Each chunk of a fan-out puts the content again. Repeats are not written, because they would not change the cell. */
    put: async (tenant: string, notification: string, content: string, acceptedAt: number, until: number) => {
      const key = hash('sha256', [tenant, notification, acceptedAt, content].join('\n'), 'base64url')
      if ((written.get(key) ?? 0) >= until) return
      const params = [tenant, notification, content, acceptedAt * 1_000, ttlUntil(until)]
      await session.write([{ query: insert, params }])
      written.set(key, until)
    },

    isRecalled: async (tenant: string, notification: string): Promise<boolean> => {
      const query = `SELECT recalled_at FROM ${contents} WHERE ${KEY}`
      const [row] = await session.rows(query, [tenant, notification])
      return (row?.recalled_at ?? null) !== null
    },

    /** Those of many notifications. */
    get: async (tenant: string, notifications: Iterable<string>): Promise<Map<string, SharedContent>> => {
      const found = new Map<string, SharedContent>()
      for (const some of slices([...new Set(notifications)], AT_ONCE))
        await forEach(some, async (notification) => {
          found.set(notification, await one(tenant, notification))
        })
      return found
    },

    recall: (tenant: string, notification: string, now = Date.now()) =>
      session.write([
        {
          query: `UPDATE ${contents} USING TIMESTAMP ? AND TTL ? SET recalled_at = ? WHERE ${KEY}`,
          params: [clock(), ttlFor(retention + MONTH_MS, now), now, tenant, notification],
        },
      ]),
  }
}

export type Contents = ReturnType<typeof cassandraContents>
