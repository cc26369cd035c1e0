import { createFiled } from './inbox-filing.ts'
import type { Session } from './session.ts'

/** Rows checked per commit, so that a purge does not block other writes. */
const CHUNK = 500
/** Rows checked per call in addition to those that are due by age. */
const WALKED = 5_000

const START = Buffer.alloc(0)
const SOME = 'SELECT owner, place, id FROM inbox_ids WHERE id > ? ORDER BY id LIMIT ?'
const LAST = `SELECT count(*) AS count, max(id) AS id FROM (${SOME})`
const DELETE = `DELETE FROM inbox WHERE expires_at <= ? AND (owner, place, id) IN (${SOME})`

/**
 * Removes expired items without an index by expiry, which would cost every put a write. Ids are ordered by
 * age, so due items come first; a slow walk over all items finds those that expire early. Resolves to the
 * number of removed items.
 */
export const createInboxPurge = (session: Session) => {
  /** Where the slow walk continues. */
  let walk: Buffer = START

  const chunk = (after: Buffer) =>
    session.write(({ run, first }) => {
      const { count, id } = first<{ count: number; id: Buffer | null }>(LAST, [after, CHUNK])!
      const purged = count === 0 ? 0 : run(DELETE, [Date.now(), after, CHUNK]).changes
      return { purged, next: count < CHUNK || id === null ? undefined : id }
    }, 'committed')

  const filed = createFiled(session)
  return async (): Promise<number> => {
    await filed()
    let purged = 0
    for (let after: Buffer | undefined = START; after !== undefined; ) {
      const { purged: some, next }: Awaited<ReturnType<typeof chunk>> = await chunk(after)
      purged += some
      after = some === 0 ? undefined : next
    }
    for (let walked = 0; walked < WALKED; walked += CHUNK) {
      const { purged: some, next } = await chunk(walk)
      purged += some
      walk = next ?? START
      if (next === undefined) break
    }
    return purged
  }
}
