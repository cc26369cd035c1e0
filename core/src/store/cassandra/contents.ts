import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { slices } from '../../group-by.ts'
import { writeClock } from './clock.ts'
import { MONTH_MS } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlFor, ttlUntil } from './ttl.ts'

/** Content that items of one notification share, as JSON. `recalled`: whether the notification was recalled. */
type SharedContent = { content: string | null; recalled: boolean }

/** Returns the reference of an item to its content: the notification, and the rendering if any. Ids have no line breaks. */
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
  const select = `SELECT rendering, content, recalled_at FROM ${contents}
    WHERE tenant = ? AND notification = ? AND rendering`

  const one = async (tenant: string, ref: string): Promise<SharedContent> => {
    const [notification, rendering = ''] = ref.split('\n')
    const key = [tenant, notification]
    const rows =
      rendering === ''
        ? await session.rows(`${select} = ''`, key)
        : await session.rows(`${select} IN ('', ?)`, [...key, rendering])
    const own = rows.find((row) => row.rendering === rendering)
    return {
      content: (own?.content as string | null | undefined) ?? null,
      recalled: rows.some((row) => (row.recalled_at ?? null) !== null),
    }
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

    /** Returns the contents with these references (`refOf`), by reference. */
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
