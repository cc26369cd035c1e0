import { errors, types } from 'cassandra-driver'
import { earliestUuid7 } from '../../notification/ids.ts'
import { groupedSlices } from '../grouping.ts'
import { comparePlaces } from '../inbox/places.ts'
import type { InboxRows, LogPage, Range, Row } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import type { Contents } from './contents.ts'
import { type ItemRow, itemRow, PARTITION, ROW, whole } from './inbox-row.ts'
import { datedIds, monthOf, monthsBetween, startOf } from './months.ts'
import { forEach, type Session } from './session.ts'

const IDS_PER_QUERY = 128
/** Months asked at once, more each time; the newest two in full, as a page often reaches into the month before. */
const MONTHS_AT_ONCE = 4
const IN_FULL = 2
const BRIEF = 32

type Newest = { all: ItemRow[]; entries?: undefined } | { all: undefined; entries: InboxPlace[] }
const NONE: Newest = { all: undefined, entries: [] }

/** Cassandra refuses to pass 100,000 expired cells. The log has few cells, and leads to the items by their ids. */
const noneIfRefused = (error: unknown): Newest => {
  const { cause } = error as Error
  if (cause instanceof errors.ResponseError && cause.code === types.responseErrorCodes.readFailure)
    return NONE
  throw error
}

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

  /**
   * Reads months from the top: log rows, and behind them the items. A small inbox is known by that, in one round trip. Removed
   * items are not in its way, because their log rows come first.
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
          const size = 2 * (from + index < IN_FULL ? limit : Math.min(limit, BRIEF))
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
    // A notification can be delayed for longer than inboxes go back.
    const oldest = earliestUuid7(startOf(months.at(-1) ?? 0))
    if (entries.some(({ id }) => id < oldest)) return { all: undefined, entries }
    return { all: all.sort((one, other) => comparePlaces(other, one)) }
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

  /** The start of a range: log rows, or all items of a small inbox. */
  const start = async (owner: Owner, range: Range) => {
    const top = range.below ? NONE : await newest(owner, range).catch(noneIfRefused)
    if (top.all) {
      const full = await withShared(owner, top.all.slice(0, range.contents))
      return { all: [...full, ...top.all.slice(range.contents)] }
    }
    const { entries } = top
    const limit = range.limit - entries.length
    if (limit <= 0) return { entries: entries.slice(0, range.limit) }
    return {
      entries: [...entries, ...(await placesOf(owner, { below: entries.at(-1) ?? range.below, limit }))],
    }
  }

  /** Reads the guide and the start of the range at the same time, then what of the log is wanted. */
  const open =
    (guideOf: InboxRows['guide']): InboxRows['open'] =>
    async (owner, range, plan) => {
      const [guide, { all, entries = [] }] = await Promise.all([guideOf(owner), start(owner, range)])
      if (all) return { guide, first: { rows: all, leftovers: [], read: all.length }, named: [], whole: true }
      const { downTo = 0, named } = plan(guide)
      const wanted = entries.filter(({ place }) => place > downTo)
      const ended = wanted.length < range.limit
      const found = await read(owner, wanted, range, ended ? named : [])
      return { guide, first: found.page, named: ended ? found.named : undefined, whole: false }
    }

  return { items, itemRows, log, open }
}
