import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { slices } from '../../group-by.ts'
import { writeClock } from './clock.ts'
import { MONTH_MS, whole } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor, ttlUntil } from './ttl.ts'

/** Content that items of one notification share, as JSON. `at`: when it was accepted, epoch ms. */
export type SharedContent = { content: string | null; at: number; recalled: boolean }

/** Returns what an item refers to: its notification, and the rendering if it has one. Ids have no line breaks. */
export const refOf = (notification: string, rendering = ''): string =>
  rendering === '' ? notification : `${notification}\n${rendering}`

const AT_ONCE = 64
/** Maximum number of written contents that a process remembers. */
const WRITTEN_MAX = 10_000

/**
 * Content is one cell. Its write timestamp is the time of acceptance, so the latest content wins in any order of writes. The
 * rendering '' has the content of a notification that has only one. Its row also says whether the notification is recalled,
 * for items that are stored later.
 */
export const cassandraContents = (session: Session, retention: number) => {
  const contents = session.table('contents')
  const clock = writeClock()
  /** The expiry of each content written by this process, by hash. */
  const written = new LRUCache<string, number>({ max: WRITTEN_MAX })
  const KEY = "tenant = ? AND notification = ? AND rendering = ''"
  const insert = `INSERT INTO ${contents} (tenant, notification, rendering, content) VALUES (?, ?, ?, ?)
    USING TIMESTAMP ? AND TTL ?`
  const select = `SELECT content, writetime(content) AS at, recalled_at FROM ${contents}
    WHERE tenant = ? AND notification = ? AND rendering`

  const one = async (tenant: string, ref: string): Promise<SharedContent> => {
    const [notification = '', rendering] = ref.split('\n')
    const key = [tenant, notification]
    const rows =
      rendering === undefined
        ? await session.rows(`${select} = ''`, key)
        : await session.rows(`${select} IN ('', ?)`, [...key, rendering])
    let found: SharedContent = { content: null, at: 0, recalled: false }
    for (const row of rows) {
      const recalled = found.recalled || (row.recalled_at ?? null) !== null
      const at = (whole(row.at) ?? 0) / 1_000
      const content = (row.content as string | null) ?? null
      found = content !== null && at >= found.at ? { content, at, recalled } : { ...found, recalled }
    }
    return found
  }

  return {
    /** Each chunk of a fan-out puts the content again. Repeats are not written, because they would not change the cell. */
    put: async (tenant: string, ref: string, content: string, acceptedAt: number, until: number) => {
      const key = hash('sha256', [tenant, ref, acceptedAt, content].join('\n'), 'base64url')
      if ((written.get(key) ?? 0) >= until) return
      const [notification, rendering = ''] = ref.split('\n')
      const params = [tenant, notification, rendering, content, acceptedAt * 1_000, ttlUntil(until)]
      await session.write([{ query: insert, params }])
      written.set(key, until)
    },

    one,

    /** Those of many items, by what they refer to. */
    get: async (tenant: string, refs: Iterable<string>): Promise<Map<string, SharedContent>> => {
      const found = new Map<string, SharedContent>()
      for (const some of slices([...new Set(refs)], AT_ONCE))
        await forEach(some, async (ref) => {
          found.set(ref, await one(tenant, ref))
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
