import { ProblemError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import type { CountedBy, Inbox, InboxCursor } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import type { Counts, InboxCounts, InboxPage, StreamPosition } from '@carillon/schemas'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { Verbs } from '../inbox/verbs.ts'
import { requireContext, type Viewer } from '../inbox/viewer.ts'
import {
  acknowledgeItems,
  archiveAll,
  deleteItem,
  markAllRead,
  markAllSeen,
  markItemsClicked,
  markItemsSeen,
  takeAction,
  unarchiveAll,
  updateItem,
} from './inbox-changes-openapi.ts'
import { getInbox, getInboxCounts } from './inbox-openapi.ts'

/** Encodes where a page starts. */
const positionOf = ({ place, id, top, searched }: InboxCursor): string =>
  [place, id, top, searched?.of, searched?.place, searched?.id].join(' ').trimEnd()

/** Returns where a page starts. */
const cursorOf = (position: string): InboxCursor => {
  const [place = '', id = '', top, of, at, searched] = position.split(' ')
  return {
    ...{ place: Number(place), id },
    ...(top ? { top: Number(top) } : {}),
    ...(of && at && searched ? { searched: { of, place: Number(at), id: searched } } : {}),
  }
}

const typeWithoutGroup = () =>
  new ProblemError('invalid_request', 'the query is invalid: type needs group', {
    errors: [{ pointer: '/type', message: 'needs group' }],
  })

/** Returns the wire form of counts by label. Values are names that people choose, so the maps have no prototype. */
const byLabel = ({ counts, by }: CountedBy): InboxCounts => {
  const entries = [...by].map(([label, values]) => {
    const map: Record<string, Counts> = Object.create(null)
    for (const [value, counted] of values) map[value] = counted
    return [label, map] as const
  })
  return { ...counts, by: Object.fromEntries(entries) }
}

export const inboxRoutes = (
  routes: Routes,
  {
    inbox,
    live,
    verbs,
    cursors,
    log,
  }: { inbox: Inbox; live: Live; verbs: Verbs; cursors: Cursors; log: Log },
) => {
  /** Returns the positions of the viewer's streams. */
  const positionsOf = async ({ tenant, user, contexts }: Viewer): Promise<StreamPosition[] | null> => {
    try {
      if (!contexts) return [await live.position(tenant, user)]
      return await Promise.all(
        contexts.map(async (stream) => ({ stream, ...(await live.position(tenant, user, stream)) })),
      )
    } catch (err) {
      log.debug({ err, tenant }, 'a page was sent without its live position')
      return null
    }
  }

  routes.user(getInbox, async ({ c, query }, { tenant, user, contexts }) => {
    const { status, category, tag, context, group, type, display, flat, limit, before } = query
    const viewer = { tenant, user, contexts }
    requireContext(viewer, context)
    if (type !== undefined && group === undefined) throw typeWithoutGroup()
    const labels = [category, tag, context, group, type, display?.join(), flat]
    const list = ['inbox', tenant, user, status, ...labels]
    const older = before === undefined ? undefined : cursorOf(cursors.read(list, before))
    // Read before the rows: a message that arrives in between is then delivered twice instead of lost.
    const positions = await positionsOf(viewer)
    const { items, next, counts, complete } = await inbox.pageWithCounts(
      { tenant, user },
      {
        ...{ status, category, tag, context, group, type, display, contexts, limit },
        ...(group === undefined && !display && !flat ? { grouped: true as const } : {}),
        ...(older ? { before: older } : {}),
      },
    )
    if (!complete) verbs.recount(viewer)
    const [position, ...others] = positions ?? []
    const page: InboxPage = {
      items,
      counts,
      next: next ? cursors.make(list, positionOf(next)) : null,
      position: position && others.length === 0 ? { epoch: position.epoch, seq: position.seq } : null,
      ...(positions && others.length > 0 ? { positions } : {}),
    }
    return c.json(page, 200, { 'cache-control': 'no-store' })
  })

  routes.user(
    getInboxCounts,
    async ({ c, query: { category, tag, context, by } }, { tenant, user, contexts }) => {
      requireContext({ contexts }, context)
      const filter = { category, tag, context, contexts }
      const answer = by
        ? byLabel(await inbox.countsBy({ tenant, user }, by, filter))
        : (await inbox.counts({ tenant, user }, filter)).counts
      return c.json(answer, 200, { 'cache-control': 'no-store' })
    },
  )

  routes.user(markItemsSeen, async ({ c, body }, viewer) =>
    c.json(await verbs.seen(viewer, (await body()).ids)),
  )

  routes.user(markItemsClicked, async ({ c, body }, viewer) => {
    const { ids, ...click } = await body()
    return c.json(await verbs.clicked(viewer, ids, click))
  })

  routes.user(acknowledgeItems, async ({ c, body }, { tenant, user, contexts }) => {
    verbs.received({ tenant, user, contexts }, (await body()).ids)
    return c.body(null, 202)
  })

  const all = [
    [markAllRead, 'read'],
    [markAllSeen, 'seen'],
    [archiveAll, 'archived'],
  ] as const
  for (const [route, verb] of all)
    routes.user(route, async ({ c, body }, viewer) => {
      const { counts, at } = await verbs.all(viewer, verb, await body())
      return c.json({ counts, ...(verb === 'archived' && { archivedAt: at }) })
    })

  routes.user(unarchiveAll, async ({ c, body }, viewer) => {
    const { archivedAt, context, after } = await body()
    const list = ['unarchive-all', viewer.tenant, viewer.user, archivedAt, context]
    const { next, ...changed } = await verbs.unarchiveAll(viewer, {
      ...{ archivedAt, context },
      ...(after !== undefined && { before: cursorOf(cursors.read(list, after)) }),
    })
    return c.json({ ...changed, after: next ? cursors.make(list, positionOf(next)) : null })
  })

  routes.user(updateItem, async ({ c, params, body }, viewer) =>
    c.json(await verbs.patch(viewer, params.id, await body())),
  )

  routes.user(deleteItem, async ({ c, params, query }, viewer) =>
    c.json(await verbs.remove(viewer, params.id, query.group !== undefined)),
  )

  routes.user(takeAction, async ({ c, params }, viewer) =>
    c.json(await verbs.act(viewer, params.id, params.name)),
  )
}
