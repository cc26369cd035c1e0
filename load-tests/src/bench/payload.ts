import { randomUUID } from 'node:crypto'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { InboxAdded, ItemContent, NotificationInput } from '@carillon/schemas'

/** The type of every notification the benches send. */
export const TYPE = 'comment.created'

/** Which run a notification belongs to, its number there, and when it was meant to be sent (`clock()`). */
export type ExpiringKey = { run: number; n: number; at: number }

/** Receivers find this text in a frame, and the three numbers of a mark after it. */
export const MARK = '"mark":['

const text = ({ run, n, at }: ExpiringKey) => ({
  title: 'Grace replied to you',
  body: `Reply ${n}: yes, the second draft reads much better; one question about the last paragraph.`,
  url: `/posts/7#comment-${n}`,
  actor: { name: 'Grace Hopper' },
  data: { mark: [run, n, at] },
})

export const userOf = (index: number): string => `user-${index}`

/** An id as backends make them: a UUIDv7 of now. */
export const freshId = ({ run, n }: ExpiringKey, origin: string): string =>
  derivedUuid7(Date.now(), `${origin}\n${run}\n${n}`)

/** What a backend publishes: about 250 bytes. */
export const notificationFor = (mark: ExpiringKey, to: NotificationInput['to']): NotificationInput => ({
  to,
  type: TYPE,
  ...text(mark),
})

/** The content of its inbox item, as Carillon would write it; the id costs next to nothing. */
export const contentFor = (mark: ExpiringKey): ItemContent => {
  const id = randomUUID()
  return {
    ...{ id, notification: id, type: TYPE, priority: 'normal' },
    ...text(mark),
    createdAt: new Date().toISOString(),
  }
}

/** What its recipient's client gets, as Carillon would say it: about 600 bytes. Bare baselines send the same. */
export const addedFor = (mark: ExpiringKey): InboxAdded => ({
  item: {
    ...contentFor(mark),
    ...{ receivedAt: null, seenAt: null, readAt: null, archivedAt: null, snoozedUntil: null, acted: {} },
  },
  seq: mark.n,
  epoch: '00000000-0000-4000-8000-000000000000',
})
