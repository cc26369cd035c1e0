import type { NotificationPlace, NotificationProgress } from '@carillon/core/store/ports/notifications'
import { NotificationState, NotificationSummary, Timestamp, TypeKey, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'
import type { NotificationList } from '../notifications/list.ts'
import { cursor, limit as limitOf, next as nextCursor } from './paging.ts'

const epoch = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time))

const instant = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

/** Returns a notification as it appears in lists. */
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
    ...(found.test ? { test: true } : {}),
  }
}

const NotificationPage = z
  .object({ notifications: z.array(NotificationSummary), next: nextCursor('before') })
  .meta({
    id: 'NotificationPage',
    description: 'A page of notifications, newest first',
    examples: [{ notifications: [exampleOf(NotificationSummary)], next: null }],
  })

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
      operationId: 'listNotifications',
      tag: 'Notifications',
      summary: 'List notifications',
      description:
        'Lists notifications, newest first. One request examines a few hundred notifications, so a page may hold fewer than `limit` and still have a `next`. A notification is listed once a dispatcher has read it.',
      query: z.strictObject({
        user: UserId.optional().describe(
          'Only notifications in the inbox of this user, and those that name the user but are scheduled, expired or skipped. Deleted items are not listed',
        ),
        type: TypeKey.optional().describe('Only notifications of this type'),
        state: NotificationState.optional().describe('Only notifications in this state'),
        from: Timestamp.optional().describe(
          'Only notifications accepted at this instant or later; with `user`, stored in the inbox at this instant or later',
        ),
        to: Timestamp.optional().describe('Only notifications accepted before this instant'),
        limit: limitOf(),
        before: cursor,
      }),
      answers: { 200: { description: 'A page of notifications', schema: NotificationPage } },
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
