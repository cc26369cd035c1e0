import { itemId } from '@carillon/core/notification/ids'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { InboxItem, ItemContent } from '@carillon/schemas'
import type { Ready } from '../work.ts'

/** The items of one notification for some users. Pure: the same notification and user give the same item. */
export const itemsFor = (ready: Ready, users: readonly string[]): NewItem[] => {
  const { tenant, id, notification, type, at, expiresAt } = ready
  const { title, body, url, image, actor, actions, tags, data, priority } = notification
  const category = notification.category ?? type?.category
  const createdAt = new Date(at).toISOString()
  return users.map((user) => ({
    tenant,
    user,
    expiresAt,
    content: {
      id: itemId(tenant, id, user, at),
      notification: id,
      type: notification.type,
      category,
      priority,
      title,
      body,
      url,
      image,
      actor,
      actions,
      tags,
      data,
      createdAt,
      expiresAt: notification.expiresAt,
    },
  }))
}

/** A fresh item as clients see it: nobody has touched it. */
export const freshItem = (content: ItemContent): InboxItem => ({
  ...content,
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
})
