import { ProblemError } from '@carillon/core/errors'
import { itemId } from '@carillon/core/notification/ids'
import type { Deliveries } from '@carillon/core/store/ports/deliveries'
import type { Inbox } from '@carillon/core/store/ports/inbox'
import type { NotificationRecord, Notifications } from '@carillon/core/store/ports/notifications'
import { Delivery, type InboxItem, NotificationId, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { Cursors } from '../http/cursor.ts'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'
import type { WindowTimes } from '../notifications/window-times.ts'
import { next as nextCursor, pageQuery } from './paging.ts'

/** Reports whether a notification went to an audience, whose deliveries are spread over partitions. */
export const isToAudience = (record: NotificationRecord | undefined): boolean => (record?.chains ?? 0) > 0

/** Returns the delivery to the inbox, derived from the state of the item. */
const inApp = (user: string, item: InboxItem): Delivery => {
  const { receivedAt, seenAt, readAt, clickedAt } = item
  const times: Delivery['times'] = {
    sent: item.createdAt,
    ...(receivedAt === null ? {} : { delivered: receivedAt }),
    ...(seenAt === null ? {} : { seen: seenAt }),
    ...(readAt === null ? {} : { read: readAt }),
    ...(clickedAt === undefined ? {} : { clicked: clickedAt }),
  }
  return {
    notification: item.notification,
    user,
    channel: 'inbox',
    step: null,
    device: null,
    state: clickedAt ? 'clicked' : readAt ? 'read' : seenAt ? 'seen' : receivedAt ? 'delivered' : 'sent',
    times,
    attempts: 1,
    provider: null,
    providerId: null,
    reason: null,
    detail: null,
    nextAttemptAt: null,
  }
}

const DeliveryPage = z.object({ deliveries: z.array(Delivery), next: nextCursor('after') }).meta({
  id: 'DeliveryPage',
  description: 'A page of deliveries',
  examples: [{ deliveries: [exampleOf(Delivery)], next: null }],
})

/** A position in the list: first the inboxes of the named users, then the ledger. */
type Place = { list: 'inboxes'; from: number } | { list: 'ledger'; after?: string }

const START: Place = { list: 'inboxes', from: 0 }
const written = (place: Place) =>
  place.list === 'inboxes' ? `i${place.from}` : `l${place.after === undefined ? '' : `:${place.after}`}`
const read = (position: string): Place =>
  position.startsWith('i')
    ? { list: 'inboxes', from: Number(position.slice(1)) }
    : { list: 'ledger', ...(position.length > 1 ? { after: position.slice(2) } : {}) }

export const deliveryRoutes = (
  routes: Routes,
  parts: {
    inbox: Inbox
    notifications: Notifications
    deliveries: Deliveries
    windowTimes: WindowTimes
    cursors: Cursors
  },
) => {
  const { inbox, notifications, deliveries, windowTimes, cursors } = parts

  const inboxesOf = async (tenant: string, record: NotificationRecord, users: readonly string[]) => {
    const at = Math.max(record.acceptedAt, record.deliverAt ?? 0)
    const rows = await Promise.all(
      users.map(async (user) => {
        const items = await inbox.get({ tenant, user }, [itemId(tenant, record.id, user, at)])
        return items.map((item) => inApp(user, item))
      }),
    )
    return rows.flat()
  }

  routes.sender(
    'notifications:read',
    {
      method: 'get',
      path: '/v1/notifications/{id}/deliveries',
      operationId: 'listDeliveries',
      tag: 'Notifications',
      summary: 'List the deliveries of a notification',
      description:
        'Lists the deliveries of a notification with their states, in no particular order. Deliveries to the inbox are listed for the given `user`, or for all users that the notification names. For members of a topic and for everyone, they are listed only with `user`.',
      params: z.object({ id: NotificationId }),
      query: z.strictObject({
        ...pageQuery(),
        user: UserId.optional().describe('Only deliveries to this user'),
      }),
      answers: { 200: { description: 'A page of deliveries', schema: DeliveryPage } },
      problems: ['not_found', 'cursor_invalid'],
    },
    async ({ c, params: { id }, query: { user, limit, after } }, { tenant }) => {
      const list = ['deliveries', tenant, id, user]
      let place = after === undefined ? START : read(cursors.read(list, after))
      const record = await notifications.get(tenant, id)
      const users = user === undefined ? (record?.users ?? []) : [user]
      const rows: Delivery[] = []
      if (place.list === 'inboxes') {
        const some = users.slice(place.from, place.from + limit)
        if (record) rows.push(...(await inboxesOf(tenant, record, some)))
        const from = place.from + some.length
        place = from < users.length ? { list: 'inboxes', from } : { list: 'ledger' }
      }
      let next: Place | undefined = place
      if (place.list === 'ledger' && rows.length < limit) {
        const which = { id, toAudience: isToAudience(record), ...(user === undefined ? {} : { user }) }
        const page = await deliveries.list(tenant, which, {
          limit: limit - rows.length,
          ...(place.after === undefined ? {} : { after: place.after }),
        })
        rows.push(...(await windowTimes(tenant, page.deliveries)))
        next = page.next === undefined ? undefined : { list: 'ledger', after: page.next }
      }
      // One-time passwords have deliveries, but no record.
      if (!record && rows.length === 0) throw new ProblemError('not_found', 'there is no such notification')
      return c.json({ deliveries: rows, next: next ? cursors.make(list, written(next)) : null }, 200, {
        'cache-control': 'no-store',
      })
    },
  )
}
