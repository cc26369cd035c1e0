import { hasLabels, hasStatus, type InboxContent, type InboxItem, type InboxStatus } from '@carillon/schemas'
import type { Arrival, Inbox, InboxQuery, InboxSlice, Owner } from '../ports/inbox.ts'
import { type Call, createCount, type Scans } from './counts.ts'
import type { Cells } from './effective.ts'
import { keepHints } from './hints.ts'
import { inboxItem } from './items.ts'
import type { Limits } from './limits.ts'
import type { HintKind, InboxRows, Range, Row } from './rows.ts'
import { openScans, scan } from './scan.ts'
import { type View, viewOf } from './view.ts'

/** The list to scan for each status. Archived and snoozed items are in no list. */
const LIST: Record<InboxStatus, HintKind | undefined> = {
  active: 'active',
  unread: 'unread',
  unseen: 'unseen',
  read: 'active',
  archived: undefined,
  snoozed: undefined,
}

/** Extra rows of the first read, because some may not match. */
const SPARE = 28

/** Reports whether a query has no label filter, so that the first rows of the log mostly match. */
const isPlain = ({ category, tag, context, contexts }: InboxQuery): boolean =>
  contexts === undefined && category === undefined && tag === undefined && context === undefined

type Found = { row: Row; cells: Cells }
export const createLists = (
  rows: InboxRows,
  limits: Limits,
): Pick<Inbox, 'page' | 'pageWithCounts' | 'counts' | 'arrivals'> => {
  const most = limits.rows
  const count = createCount(rows, limits)

  /** Returns the items of rows, in order. Reads missing content. */
  const itemsOf = async (owner: Owner, found: readonly Found[]): Promise<InboxItem[]> => {
    const without = found.filter(({ row }) => row.content === undefined).map(({ row }) => row.id)
    const read = without.length === 0 ? [] : await rows.items(owner, without, true)
    const contents = new Map(read.map(({ id, content }) => [id, content]))
    return found.flatMap(({ row, cells }) => {
      const content = row.content ?? contents.get(row.id)
      return content === undefined ? [] : [inboxItem(row, content, cells)]
    })
  }

  /** Returns a page of a list, and where the next page starts. */
  const list = async (
    { owner, opened, now }: Call,
    { status, before: below, limit, contexts: _, ...filter }: InboxQuery,
    scans: Scans,
  ): Promise<InboxSlice> => {
    const kind = LIST[status]
    const found: Found[] = []
    const scanned = await scan(rows, owner, { kind, below, most }, opened, now, (row, cells) => {
      if (hasStatus(status, cells, now) && hasLabels(row, filter)) found.push({ row, cells })
      return found.length > limit
    })
    if (kind && !below) scans[kind] = scanned
    const items = await itemsOf(owner, found.slice(0, limit))
    const final = found[limit - 1]?.row
    const more = found.length > limit && final ? { place: final.place, id: final.id } : undefined
    const next = more ?? (scanned.end === 'done' ? undefined : scanned.last)
    return { items, ...(next ? { next } : {}) }
  }

  /** Opens the inbox, runs the call, and stores the hints that its scans yield. */
  const run = async <T>(
    owner: Owner,
    kinds: readonly (HintKind | undefined)[],
    { view, ...range }: Range & { view: View | undefined },
    work: (call: Call, scans: Scans) => Promise<T>,
  ): Promise<T> => {
    const now = Date.now()
    const begun = { top: rows.settledPlace(), at: now, view }
    const opened = await openScans(rows, owner, kinds, range, now, view)
    const scans: Scans = {}
    const answer = await work({ owner, opened, now }, scans)
    await keepHints(rows, owner, opened.guide, scans, begun, limits)
    return answer
  }

  const page: Inbox['page'] = (owner, query) => {
    const { status, before: below, limit } = query
    const kind = LIST[status]
    const plain = kind === 'active' && isPlain(query)
    const range = {
      view: viewOf({ contexts: query.contexts }),
      below,
      limit: limit + (plain ? 1 : limits.count + SPARE),
      contents: kind && isPlain(query) ? limit : 0,
    }
    return run(owner, [kind], range, (call, scans) => list(call, query, scans))
  }

  const counts: Inbox['counts'] = (owner, filter = {}) =>
    run(owner, ['unread'], { view: viewOf(filter), limit: limits.count + SPARE, contents: 0 }, count)

  return {
    page,
    counts,

    pageWithCounts: async (owner, query) => {
      const { contexts } = query
      if (query.before) {
        const [slice, counted] = await Promise.all([page(owner, query), counts(owner, { contexts })])
        return { ...slice, ...counted }
      }
      const kind = LIST[query.status]
      const range = {
        view: viewOf({ contexts }),
        limit: Math.max(query.limit, limits.count) + SPARE,
        contents: kind && isPlain(query) ? query.limit : 0,
      }
      return run(owner, [kind, 'unread'], range, async (call, scans) => {
        const counted = await count(call, scans)
        return { ...(await list(call, query, scans)), ...counted }
      })
    },

    arrivals: async (owner, { before, limit }) => {
      const now = Date.now()
      const { rows: read, next } = await rows.log(owner, { below: before, limit, contents: limit })
      const arrivals = read.flatMap(({ place, id, content, removed, expiresAt }): Arrival[] => {
        if (removed || expiresAt <= now || content === undefined) return []
        return [{ place, id, notification: (JSON.parse(content) as InboxContent).notification }]
      })
      return { arrivals, ...(next ? { next } : {}) }
    },
  }
}
