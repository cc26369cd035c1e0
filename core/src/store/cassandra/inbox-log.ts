import type { types } from 'cassandra-driver'
import type { Range } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import { ANNOUNCED, groupHash, PARTITION, whole } from './inbox-row.ts'
import { monthOf, monthsBetween } from './months.ts'
import type { Session } from './session.ts'

/**
 * Months read at once, four times as many each time. The newest two are read in full, because a page often reaches into
 * the month before.
 */
export const MONTHS_AT_ONCE = 4
const IN_FULL = 2
const BRIEF = 32

/** Returns how many rows to request from a month; `index` counts from the newest. */
export const sizeOf = (index: number, limit: number): number =>
  index < IN_FULL ? limit : Math.min(limit, BRIEF)

type Span = Pick<Range, 'below' | 'limit' | 'group' | 'announced'> & { downTo?: number | undefined }

const placeOf = (row: types.Row): InboxPlace => ({ place: whole(row.place) ?? 0, id: String(row.id) })

/** Reads log rows, month by month. `retention` (ms) is how far back it goes. */
export const createLogReads = (session: Session, retention: number) => {
  const inbox = session.table('inbox')
  const groups = session.table('inbox_groups')

  /** Returns up to `limit` log rows of some months, in order. */
  const places = async (
    { tenant, user }: Owner,
    months: readonly number[],
    { below, downTo = 0, limit }: Span,
  ): Promise<InboxPlace[]> => {
    const ask = async (month: number, from: InboxPlace | undefined, size: number) => {
      const range = from ? '(place, id) < (?, ?) AND (place) > (?)' : '(place) > (?)'
      const rows = await session.rows(
        `SELECT place, id FROM ${inbox} WHERE ${PARTITION} AND ${range} LIMIT ?`,
        [tenant, user, month, ...(from ? [from.place, from.id] : []), downTo, size],
      )
      return rows.map(placeOf)
    }
    const found: InboxPlace[] = []
    for (let from = 0, width = MONTHS_AT_ONCE; from < months.length; from += width, width *= 4) {
      const some = months.slice(from, from + width)
      const sizes = some.map((_, index) => sizeOf(index, limit))
      const starts = await Promise.all(some.map((month, index) => ask(month, below, sizes[index] ?? limit)))
      for (const [index, month] of some.entries()) {
        let read = starts[index] ?? []
        found.push(...read)
        for (let size = sizes[index]; read.length === size && found.length < limit; ) {
          size = limit - found.length
          read = await ask(month, read.at(-1), size)
          found.push(...read)
        }
        if (found.length >= limit) return found.slice(0, limit)
      }
    }
    return found
  }

  /** Returns the rows of a range of a group, in order. */
  const placesIn = async (
    { tenant, user }: Owner,
    group: string,
    { below, downTo = 0, limit }: Span,
  ): Promise<InboxPlace[]> => {
    const range = below ? '(place, id) < (?, ?) AND (place) > (?)' : '(place) > (?)'
    const rows = await session.rows(
      `SELECT place, id FROM ${groups} WHERE tenant = ? AND user = ? AND name = ? AND ${range} LIMIT ?`,
      [tenant, user, groupHash(group), ...(below ? [below.place, below.id] : []), downTo, limit],
    )
    return rows.map(placeOf)
  }

  /** Returns the log rows of a range, in order. */
  const placesOf = (owner: Owner, range: Span) => {
    const group = range.announced ? ANNOUNCED : range.group
    if (group !== undefined) return placesIn(owner, group, range)
    const now = Date.now()
    const newest = monthOf(Math.min(range.below?.place ?? Infinity, now + LEAD_MS))
    const oldest = monthOf(Math.max(range.downTo ?? 0, now - retention))
    return places(owner, monthsBetween(newest, oldest), range)
  }

  return { placesOf }
}
