import type { Live } from '@carillon/core/live/port'
import type { Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import {
  Counts,
  InboxItem,
  InboxPage,
  InboxStatus,
  ItemId,
  ItemPatch,
  type LivePosition,
  Tag,
} from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { Verbs } from '../inbox/verbs.ts'

/** Not a uuid here: whatever is no item of the user's is the same 404. */
const Id = z.object({ id: z.string().describe('An item id') })
const Category = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a category is 1 to 64 letters, digits, _ . or -')
  .optional()
const ChangedItem = z.object({ item: InboxItem, counts: Counts })
const ChangedItems = z.object({
  ids: z.array(ItemId).describe('The items this changed'),
  counts: Counts,
})

const VERBS = [
  { path: '/v1/inbox/read-all', verb: 'read', summary: 'ExpiringKey every active item as read' },
  { path: '/v1/inbox/seen-all', verb: 'seen', summary: 'ExpiringKey every active item as seen' },
  { path: '/v1/inbox/archive-all', verb: 'archived', summary: 'Archive every active item' },
] as const

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
      log.debug({ err, tenant }, 'a page goes out without its live position')
      return null
    }
  }

  routes.user(
    {
      method: 'get',
      path: '/v1/inbox',
      summary: 'The items of one status, newest first, and the counts',
      query: z.strictObject({
        status: InboxStatus.default('active'),
        category: Category,
        tag: Tag.optional(),
        limit: z.coerce.number().int().min(1).max(100).default(20),
        before: z.string().optional().describe('The `next` of the page before'),
      }),
      answers: { 200: { description: 'A page', schema: InboxPage } },
      problems: ['cursor_invalid'],
    },
    async ({ c, query: { status, category, tag, limit, before } }, { tenant, user }) => {
      const list = ['inbox', tenant, user, status, category, tag]
      const older = before === undefined ? undefined : cursors.read(list, before)
      // Before the rows: a message that comes in between is then in the rows, and told again, instead of lost.
      const position = await positionOf({ tenant, user })
      // Before the rows, too: one that comes in between is then known by its being in the rows.
      const counts = await inbox.counts({ tenant, user })
      const found = await inbox.page(
        { tenant, user },
        { status, category, tag, before: older, limit: limit + 1 },
      )
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const next = found.length > limit && last ? cursors.make(list, last.id) : null
      return c.json({ items, counts, next, position } satisfies InboxPage, 200, {
        'cache-control': 'no-store',
      })
    },
  )

  routes.user(
    {
      method: 'post',
      path: '/v1/inbox/seen',
      summary: 'ExpiringKey items as seen',
      body: z.strictObject({ ids: z.array(ItemId).min(1).max(100) }),
      answers: {
        200: { description: 'Done; ids that are not of this inbox are left out', schema: ChangedItems },
      },
    },
    async ({ c, body }, { tenant, user }) => c.json(await verbs.seen({ tenant, user }, (await body()).ids)),
  )

  for (const { path, verb, summary } of VERBS)
    routes.user(
      {
        method: 'post',
        path,
        summary,
        body: z.strictObject({
          category: Category,
          tag: Tag.optional(),
          through: ItemId.optional().describe('The newest item this reaches; newer ones are left alone'),
        }),
        bodyOptional: true,
        answers: { 200: { description: 'Done; what arrived meanwhile is as it came', schema: ChangedItems } },
      },
      async ({ c, body }, { tenant, user }) => c.json(await verbs.all({ tenant, user }, verb, await body())),
    )

  routes.user(
    {
      method: 'patch',
      path: '/v1/inbox/{id}',
      summary: 'Change one item',
      params: Id,
      body: ItemPatch,
      answers: { 200: { description: 'The item after the change', schema: ChangedItem } },
      problems: ['not_found', 'too_far'],
    },
    async ({ c, params, body }, { tenant, user }) =>
      c.json(await verbs.patch({ tenant, user }, params.id, await body())),
  )

  routes.user(
    {
      method: 'delete',
      path: '/v1/inbox/{id}',
      summary: 'Delete one item',
      params: Id,
      answers: { 200: { description: 'It is gone', schema: z.object({ counts: Counts }) } },
      problems: ['not_found'],
    },
    async ({ c, params }, { tenant, user }) => c.json(await verbs.remove({ tenant, user }, params.id)),
  )

  routes.user(
    {
      method: 'post',
      path: '/v1/inbox/{id}/actions/{name}',
      summary: 'Take one of the actions an item offers',
      params: z.object({ id: z.string().describe('An item id'), name: z.string() }),
      answers: { 200: { description: 'The item after it; it is read now', schema: ChangedItem } },
      problems: ['not_found'],
    },
    async ({ c, params }, { tenant, user }) =>
      c.json(await verbs.act({ tenant, user }, params.id, params.name)),
  )
}
