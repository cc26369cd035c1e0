import type { InboxContent } from '@carillon/schemas'
import type { Arrival, Inbox, InboxQuery, InboxSlice, Owner } from '../ports/inbox.ts'
import { type Call, createCount, type Scans } from './counts.ts'
import { createCountBy } from './counts-by.ts'
import { announcedIn, inGroup } from './group-members.ts'
import { groupNameOf } from './group-name.ts'
import { keepHints } from './hints.ts'
import type { Limits } from './limits.ts'
import { createListPage, LIST } from './list-page.ts'
import type { HintKind, InboxRows, Range } from './rows.ts'
import { openScans } from './scan.ts'
import { type View, viewOf } from './view.ts'

/** Extra rows of the first read, because some may not match. */
const SPARE = 28

/** Reports whether a query has no label filter, so that the first rows of the log mostly match. */
const isPlain = ({ category, tag, context, contexts, group }: InboxQuery): boolean =>
  [contexts, category, tag, context, group].every((label) => label === undefined)

/** Returns the name of the group whose items a query lists; undefined if it does not name one completely. */
const groupIn = ({ group, type, context }: InboxQuery): string | undefined =>
  group === undefined || type === undefined || context === undefined
    ? undefined
    : groupNameOf({ context, type, group: { key: group } })

/** `within`: the rows, with the log of one list instead of the whole inbox. `withHints`: whether hints are used to read it. */
type OwnLog = { within: InboxRows; withHints: boolean }

export const createLists = (
  rows: InboxRows,
  limits: Limits,
): Pick<Inbox, 'page' | 'pageWithCounts' | 'counts' | 'countsBy' | 'arrivals'> => {
  const count = createCount(rows, limits)
  const list = createListPage(rows, limits)

  /** Returns the log from which a list of a group or of announcements is read; undefined for other lists. */
  const ownLog = (query: InboxQuery): OwnLog | undefined => {
    const name = groupIn(query)
    if (name !== undefined) return { within: inGroup(rows, name), withHints: true }
    // Hints name items of the whole inbox, and few of them have a `display`.
    return query.display && { within: announcedIn(rows), withHints: false }
  }

  /** Returns a page of a list that has its own log. */
  const ownPage = async (
    owner: Owner,
    { grouped: _, ...query }: InboxQuery,
    { within, withHints }: OwnLog,
  ): Promise<InboxSlice> => {
    const now = Date.now()
    const { before: below, limit, contexts } = query
    const view = viewOf({ contexts })
    const [known, first] = await Promise.all([
      rows.guide(owner, view?.name),
      within.log(owner, { below, limit: limit + SPARE, contents: 0 }),
    ])
    const guide = withHints ? known : { ...known, hints: {}, ofView: {} }
    const opened = { guide, first, named: undefined, whole: false, kinds: [], downTo: undefined, view }
    return list({ owner, opened, now }, query, {}, within)
  }

  /** Opens the inbox, calls `work`, and stores the hints that its scans found. */
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
    const own = ownLog(query)
    if (own) return ownPage(owner, query, own)
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

    countsBy: (owner, labels, filter = {}) =>
      run(
        owner,
        ['unread'],
        { view: viewOf(filter), limit: limits.count + SPARE, contents: 0 },
        createCountBy(rows, limits, labels),
      ),

    pageWithCounts: async (owner, query) => {
      const { contexts } = query
      if (query.before || ownLog(query)) {
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
