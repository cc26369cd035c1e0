import type { NotificationPlace, NotificationProgress } from '@carillon/core/store/ports/notifications'
import { NotificationState, NotificationSummary, Timestamp, TypeKey, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { NotificationList } from '../notifications/list.ts'

const epoch = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time))

const instant = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

/** A notification as lists show it. */
export const summaryOf = (found: NotificationProgress): NotificationSummary => {
  const [deliverAt, expiresAt] = [instant(found.deliverAt), instant(found.expiresAt)]
  return {
    id: found.id,
    type: found.type,
    priority: found.priority,
    state: found.state,
    acceptedAt: new Date(found.acceptedAt).toISOString(),
    ...(deliverAt === undefined ? {} : { deliverAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    recipients: found.recipients,
  }
}

const placeOf = (position: string): NotificationPlace => {
  const split = position.indexOf(' ')
  return { at: Number(position.slice(0, split)), id: position.slice(split + 1) }
}

export const notificationListRoutes = (
  routes: Routes,
  { list, cursors }: { list: NotificationList; cursors: Cursors },
) => {
  routes.sender(
    'notifications:read',
    {
      method: 'get',
      path: '/v1/notifications',
      summary: 'List notifications, newest first',
      query: z.strictObject({
        user: UserId.optional().describe(
          'Those in the inbox of this user, and those that name them but wait, expired or were skipped; not those whose item was deleted',
        ),
        type: TypeKey.optional(),
        state: NotificationState.optional(),
        from: Timestamp.optional().describe(
          'Accepted then or later; with a user, when it came into the inbox',
        ),
        to: Timestamp.optional().describe('Accepted before then'),
        limit: z.coerce.number().int().min(1).max(100).default(50),
        before: z.string().optional().describe('The `next` of the page before'),
      }),
      answers: {
        200: {
          description:
            'A page. It may hold fewer than `limit` and still have a `next`: one request looks at a few hundred notifications. What no dispatcher has read yet is missing',
          schema: z.object({
            notifications: z.array(NotificationSummary),
            next: z.string().nullable().describe('Pass as `before` for the next page; null on the last'),
          }),
        },
      },
      problems: ['cursor_invalid'],
    },
    async ({ c, query: { before, limit, ...filter } }, { tenant }) => {
      const { user, type, state, from, to } = filter
      const name = ['notifications', tenant, user, type, state, from, to]
      const { notifications, next } = await list(
        tenant,
        { user, type, state, from: epoch(from), to: epoch(to) },
        { limit, before: before === undefined ? undefined : placeOf(cursors.read(name, before)) },
      )
      return c.json(
        {
          notifications: notifications.map(summaryOf),
          next: next ? cursors.make(name, `${next.at} ${next.id}`) : null,
        },
        200,
        { 'cache-control': 'no-store' },
      )
    },
  )
}
