import { slices } from '../grouping.ts'
import { writeClock } from './clock.ts'
import { MONTH_MS } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Content that the items of one notification share, as JSON. */
export type SharedContent = { content: string | null; recalled: boolean }

const AT_ONCE = 64

/**
 * Content is one cell, written with the time at which it was accepted: of two the one accepted later stays, in whatever
 * order they are written. A recalled notification is kept as such, for items that are stored later.
 */
export const cassandraContents = (session: Session, retention: number) => {
  const contents = session.table('contents')
  const clock = writeClock()
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
    put: (tenant: string, notification: string, content: string, acceptedAt: number, ttl: number) =>
      session.write([{ query: insert, params: [tenant, notification, content, acceptedAt * 1_000, ttl] }]),

    one,

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
