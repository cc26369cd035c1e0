import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { slices } from '../grouping.ts'
import { writeClock } from './clock.ts'
import { MONTH_MS } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor, ttlUntil } from './ttl.ts'

/** The content that items of a notification share, as JSON. */
export type SharedContent = { content: string | null; recalled: boolean }

const AT_ONCE = 64
/** Maximum number of written contents that a process remembers. */
const WRITTEN_MAX = 10_000

/**
 * Stores the shared content of notifications. Content is one cell, written with its time of acceptance, so
 * the content accepted last wins in any order of writes. The mark of a recalled notification is kept for
 * items that are stored later.
 */
export const cassandraContents = (session: Session, retention: number) => {
  const contents = session.table('contents')
  const clock = writeClock()
  /** The expiry of each content written by this process, by hash. */
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
    /**
     * Stores the content. Each chunk of a fan-out stores it again; repeated writes are skipped, because they
     * would not change the cell.
     */
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

    /** Returns the contents of many notifications. */
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
