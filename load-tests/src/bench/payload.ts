import { randomUUID } from 'node:crypto'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { InboxAdded, ItemContent, NotificationInput } from '@carillon/schemas'

/** The type of all bench notifications. */
export const TYPE = 'comment.created'

/** The run of a notification, its number in the run, and its scheduled time on `clock()`. */
export type Mark = { run: number; n: number; at: number }

/** Sinks search messages for this text, which is followed by the three numbers of a mark. */
export const MARK = '"mark":['

const text = ({ run, n, at }: Mark) => ({
  title: 'Grace replied to you',
  body: `Reply ${n}: yes, the second draft reads much better; one question about the last paragraph.`,
  url: `/posts/7#comment-${n}`,
  actor: { name: 'Grace Hopper' },
  data: { mark: [run, n, at] },
})

export const userOf = (index: number): string => `user-${index}`

/** Returns a UUIDv7 of the current time. */
export const freshId = ({ run, n }: Mark, origin: string): string =>
  derivedUuid7(Date.now(), `${origin}\n${run}\n${n}`)

/** Returns a notification as a backend publishes it: about 250 bytes. */
export const notificationFor = (mark: Mark, to: NotificationInput['to']): NotificationInput => ({
  to,
  type: TYPE,
  ...text(mark),
})

/** Returns the content of its inbox item, at negligible cost. */
export const contentFor = (mark: Mark): ItemContent => {
  const id = randomUUID()
  return {
    ...{ id, notification: id, type: TYPE, priority: 'normal' },
    ...text(mark),
    createdAt: new Date().toISOString(),
  }
}

/** Returns the live message of its recipient: about 600 bytes. Baselines send the same. */
export const addedFor = (mark: Mark): InboxAdded => ({
  item: {
    ...contentFor(mark),
    ...{ receivedAt: null, seenAt: null, readAt: null, archivedAt: null, snoozedUntil: null, acted: {} },
  },
  seq: mark.n,
  epoch: '00000000-0000-4000-8000-000000000000',
})
