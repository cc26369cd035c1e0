import { itemId } from '@carillon/core/ids'
import type { NewItem } from '@carillon/core/store/port'
import type { InboxItem, ItemContent, Notification, Plan, StoredType } from '@carillon/schemas'

/** A notification about to be stored: everything its items have in common. */
export type Ready = {
  tenant: string
  id: string
  notification: Notification & { priority: ItemContent['priority'] }
  type: StoredType | undefined
  /** What happens beyond the inbox; as it was when the notification was accepted. */
  plan: Plan
  /** Whether its external deliveries are spread over partitions: those of a large audience are. */
  wide: boolean
  /** When the log took it, or its `deliverAt`; the time its items carry, epoch ms. */
  at: number
  /** When its items go, epoch ms. */
  expiresAt: number
}

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
