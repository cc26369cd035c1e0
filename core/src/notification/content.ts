import type { InboxContent, Notification, NotificationType, Priority } from '@carillon/schemas'
import { markedTitle } from '../render/test-mark.ts'

/** A notification with its type. `at`: the time of its items, epoch ms. */
export type Typed = {
  id: string
  notification: Omit<Notification, 'priority' | 'deliverAt' | 'expiresAt'> & { priority: Priority }
  type: Pick<NotificationType, 'category' | 'display'> | undefined
  at: number
  /** When its items expire, as RFC 3339. */
  expiresAt: string | undefined
}

/** Returns the content of a notification's items, which is the same for all recipients with the same times. Pure. */
export const contentOf = ({ id, notification, type, at, expiresAt }: Typed): InboxContent => {
  const { title, body, url, image, actor, actions, tags, data, context, entity, priority } = notification
  const content: InboxContent = {
    notification: id,
    type: notification.type,
    category: type?.category ?? notification.category,
    priority,
    title: notification.test && title !== undefined ? markedTitle(title) : title,
    body,
    url,
    image,
    actor,
    actions,
    tags,
    data,
    context,
    entity,
    createdAt: new Date(at).toISOString(),
    expiresAt,
  }
  if (type?.display) content.display = type.display
  if (notification.test) content.test = true
  return content
}
