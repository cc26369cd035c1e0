import { errors, types } from 'cassandra-driver'
import { earliestUuid7 } from '../../notification/ids.ts'
import { comparePlaces } from '../inbox/places.ts'
import type { Range } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import { MONTHS_AT_ONCE, sizeOf } from './inbox-log.ts'
import { type ItemRow, itemRow, PARTITION, ROW, whole } from './inbox-row.ts'
import { monthOf, monthsBetween, startOf } from './months.ts'
import type { Session } from './session.ts'

/** The start of an inbox: all its items if it is small, otherwise the newest log rows. */
export type Newest = { all: ItemRow[]; entries?: undefined } | { all: undefined; entries: InboxPlace[] }
export const NONE: Newest = { all: undefined, entries: [] }

/**
 * Falls back to the log, because Cassandra rejects reads of more than 100,000 expired cells. The log has few
 * cells, and the items are found by the ids in it.
 */
const noneIfRefused = (error: unknown): Newest => {
  const { cause } = error as Error
  if (cause instanceof errors.ResponseError && cause.code === types.responseErrorCodes.readFailure)
    return NONE
  throw error
}

/** Reads the start of an inbox. `retention` (ms) is how far back it goes. */
export const createNewest = (session: Session, retention: number) => {
  const inbox = session.table('inbox')

  /**
   * Reads months from the newest: log rows, followed by the items. A small inbox is read completely in one
   * round trip. Removed items do not get in the way, because their log rows come first.
   */
  const newest = async ({ tenant, user }: Owner, { limit, contents }: Range): Promise<Newest> => {
    const query = `SELECT place, ${ROW}${contents > 0 ? ', content' : ''} FROM ${inbox} WHERE ${PARTITION} LIMIT ?`
    const now = Date.now()
    const months = monthsBetween(monthOf(now + LEAD_MS), monthOf(now - retention))
    const entries: InboxPlace[] = []
    const all: ItemRow[] = []
    for (let from = 0, width = MONTHS_AT_ONCE; from < months.length; from += width, width *= 4) {
      if (entries.length >= limit) return { all: undefined, entries }
      const heads = await Promise.all(
        months.slice(from, from + width).map(async (month, index) => {
          const size = 2 * sizeOf(from + index, limit)
          const rows = await session.rows(query, [tenant, user, month, size])
          return { rows, ended: rows.length < size }
        }),
      )
      for (const { rows, ended } of heads) {
        for (const row of rows) {
          const place = whole(row.place) ?? 0
          const item = place === 0 ? itemRow(row) : undefined
          if (item) all.push(item)
          else if (place > 0) entries.push({ place, id: String(row.id) })
        }
        if (!ended) return { all: undefined, entries }
      }
    }
    // A notification can be delayed for longer than inboxes are kept.
    const oldest = earliestUuid7(startOf(months.at(-1) ?? 0))
    if (entries.some(({ id }) => id < oldest)) return { all: undefined, entries }
    return { all: all.sort((one, other) => comparePlaces(other, one)) }
  }

  return (owner: Owner, range: Range): Promise<Newest> => newest(owner, range).catch(noneIfRefused)
}
