import { groupedSlices } from '../grouping.ts'
import type { InboxRows, LogPage, Range, Row } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import type { Contents } from './contents.ts'
import { type ItemRow, itemRow, PARTITION, ROW, whole } from './inbox-row.ts'
import { datedIds, monthOf, monthsBetween } from './months.ts'
import { forEach, type Session } from './session.ts'

const IDS_PER_QUERY = 128
/** Months asked at once, more each time; the newest two in full, as a page often reaches into the month before. */
const MONTHS_AT_ONCE = 4
const IN_FULL = 2
const BRIEF = 16

type Span = Pick<Range, 'below' | 'limit'> & { downTo?: number | undefined }

const byMonth = (ids: readonly string[]) =>
  groupedSlices(datedIds(ids), ({ month }) => month, IDS_PER_QUERY).map(([month, some]) => ({
    month,
    some: some.map(({ id }) => id),
  }))

/** The reading methods of `InboxRows`. `retention` (ms) is how far back they go. */
export const createReads = (session: Session, retention: number, contents: Contents) => {
  const inbox = session.table('inbox')

  const itemRows = async ({ tenant, user }: Owner, ids: readonly string[], content: boolean) => {
    const query = `SELECT ${ROW}${content ? ', content' : ''} FROM ${inbox} WHERE ${PARTITION} AND place = 0 AND id IN ?`
    const found: ItemRow[] = []
    await forEach(byMonth(ids), async ({ month, some }) => {
      for (const row of await session.rows(query, [tenant, user, month, some])) {
        const item = itemRow(row)
        if (item) found.push(item)
      }
    })
    return found
  }

  /** Adds the content that several items share. */
  const withShared = async ({ tenant }: Owner, rows: readonly ItemRow[]): Promise<Row[]> => {
    const refs = rows.flatMap(({ ref, content }) => (ref !== null && content === undefined ? [ref] : []))
    if (refs.length === 0) return [...rows]
    const shared = await contents.get(tenant, refs)
    return rows.map((row) => {
      const found = row.ref === null ? undefined : shared.get(row.ref)
      if (!found) return row
      if (found.recalled || found.content === null) return { ...row, removed: true }
      return { ...row, content: row.content ?? found.content }
    })
  }

  const items: InboxRows['items'] = async (owner, ids, content) => {
    const rows = await itemRows(owner, ids, content)
    return content ? withShared(owner, rows) : rows
  }

  /** Up to `limit` log rows of some months, in order. */
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
      return rows.map((row): InboxPlace => ({ place: whole(row.place) ?? 0, id: String(row.id) }))
    }
    const found: InboxPlace[] = []
    for (let from = 0, width = MONTHS_AT_ONCE; from < months.length; from += width, width *= 4) {
      const some = months.slice(from, from + width)
      const sizes = some.map((_, index) => (index < IN_FULL ? limit : Math.min(limit, BRIEF)))
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

  /** Log rows of a range, in order. */
  const placesOf = (owner: Owner, range: Span) => {
    const now = Date.now()
    const newest = monthOf(Math.min(range.below?.place ?? Infinity, now + LEAD_MS))
    const oldest = monthOf(Math.max(range.downTo ?? 0, now - retention))
    return places(owner, monthsBetween(newest, oldest), range)
  }

  /** The items of log rows, the first `contents` with their content, and others by id, in one round trip. */
  const read = async (
    owner: Owner,
    entries: readonly InboxPlace[],
    { limit, contents }: Range,
    named: readonly string[],
  ): Promise<{ page: LogPage; named: Row[] }> => {
    const ids = entries.map(({ id }) => id)
    const [full, bare] = await Promise.all([
      items(owner, ids.slice(0, contents), true),
      items(owner, [...new Set([...ids.slice(contents), ...named])], false),
    ])
    const byId = new Map([...bare, ...full].map((row) => [row.id, row]))
    const rows: Row[] = []
    const leftovers: Row[] = []
    for (const { place, id } of entries) {
      const row = byId.get(id)
      if (row) (row.place === place ? rows : leftovers).push(row)
    }
    const next = entries.length === limit ? entries.at(-1) : undefined
    return {
      page: { rows, leftovers, read: entries.length, ...(next ? { next } : {}) },
      named: named.flatMap((id) => byId.get(id) ?? []),
    }
  }

  const log: InboxRows['log'] = async (owner, range) =>
    (await read(owner, await placesOf(owner, range), range, [])).page

  /** Reads the guide and the log at the same time, then what of it is wanted. */
  const open =
    (guideOf: InboxRows['guide']): InboxRows['open'] =>
    async (owner, range, plan) => {
      const [guide, entries] = await Promise.all([guideOf(owner), placesOf(owner, range)])
      const { downTo = 0, named } = plan(guide)
      const wanted = entries.filter(({ place }) => place > downTo)
      const ended = wanted.length < range.limit
      const found = await read(owner, wanted, range, ended ? named : [])
      return { guide, first: found.page, named: ended ? found.named : undefined }
    }

  return { items, itemRows, log, open }
}
