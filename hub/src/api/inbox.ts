import type { Live } from '@carillon/core/live/port'
import type { Inbox, InboxPlace, Owner } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import type { InboxPage, LivePosition } from '@carillon/schemas'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { Verbs } from '../inbox/verbs.ts'
import {
  archiveAll,
  deleteItem,
  getInbox,
  markAllRead,
  markAllSeen,
  markItemsSeen,
  takeAction,
  updateItem,
} from './inbox-openapi.ts'

/** Returns the place that a cursor encodes. */
const placeOf = (position: string): InboxPlace => {
  const [place = '', id = ''] = position.split(' ')
  return { place: Number(place), id }
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
  const positionOf = async ({ tenant, user }: Owner): Promise<LivePosition | null> => {
    try {
      return await live.position(tenant, user)
    } catch (err) {
      log.debug({ err, tenant }, 'a page was sent without its live position')
      return null
    }
  }

  routes.user(
    getInbox,
    async ({ c, query: { status, category, tag, context, limit, before } }, { tenant, user }) => {
      const owner = { tenant, user }
      const list = ['inbox', tenant, user, status, category, tag, context]
      const older = before === undefined ? undefined : placeOf(cursors.read(list, before))
      // Read before the rows: a message that arrives in between is then delivered twice instead of lost.
      const position = await positionOf(owner)
      const { items, next, counts, complete } = await inbox.pageWithCounts(owner, {
        ...{ status, category, tag, context, limit },
        ...(older ? { before: older } : {}),
      })
      if (!complete) verbs.recount(owner)
      const page: InboxPage = {
        items,
        counts,
        next: next ? cursors.make(list, `${next.place} ${next.id}`) : null,
        position,
      }
      return c.json(page, 200, { 'cache-control': 'no-store' })
    },
  )

  routes.user(markItemsSeen, async ({ c, body }, { tenant, user }) =>
    c.json(await verbs.seen({ tenant, user }, (await body()).ids)),
  )

  const all = [
    [markAllRead, 'read'],
    [markAllSeen, 'seen'],
    [archiveAll, 'archived'],
  ] as const
  for (const [route, verb] of all)
    routes.user(route, async ({ c, body }, { tenant, user }) =>
      c.json(await verbs.all({ tenant, user }, verb, await body())),
    )

  routes.user(updateItem, async ({ c, params, body }, { tenant, user }) =>
    c.json(await verbs.patch({ tenant, user }, params.id, await body())),
  )

  routes.user(deleteItem, async ({ c, params }, { tenant, user }) =>
    c.json(await verbs.remove({ tenant, user }, params.id)),
  )

  routes.user(takeAction, async ({ c, params }, { tenant, user }) =>
    c.json(await verbs.act({ tenant, user }, params.id, params.name)),
  )
}
