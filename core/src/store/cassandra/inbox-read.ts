import type { InboxRows, LogPage, Range, Row } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import type { Contents } from './contents.ts'
import { createItemReads } from './inbox-items.ts'
import { createLogReads } from './inbox-log.ts'
import { createNewest, NONE } from './inbox-newest.ts'
import type { Session } from './session.ts'

/** Creates the reading methods of `InboxRows`. `retention` (ms) is how far back they read. */
export const createReads = (session: Session, retention: number, contents: Contents) => {
  const { items, withShared } = createItemReads(session, contents)
  const { placesOf } = createLogReads(session, retention)
  const newest = createNewest(session, retention)

  /**
   * Returns the items of log rows, the first `contents` with their content, and other items by id, in one
   * round trip.
   */
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

  /** Returns the start of a range: log rows, or all items of a small inbox. */
  const start = async (owner: Owner, range: Range) => {
    const top = range.below ? NONE : await newest(owner, range)
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

  /** Reads the guide and the start of the range concurrently, then the rest of the log that the plan requests. */
  const open =
    (guideOf: InboxRows['guide']): InboxRows['open'] =>
    async (owner, { view, ...range }, plan) => {
      const [guide, { all, entries = [] }] = await Promise.all([guideOf(owner, view), start(owner, range)])
      if (all) return { guide, first: { rows: all, leftovers: [], read: all.length }, named: [], whole: true }
      const { downTo = 0, named } = plan(guide)
      const wanted = entries.filter(({ place }) => place > downTo)
      const ended = wanted.length < range.limit
      const found = await read(owner, wanted, range, ended ? named : [])
      return { guide, first: found.page, named: ended ? found.named : undefined, whole: false }
    }

  return { items, log, open, placesOf }
}
