import { randomUUID } from 'node:crypto'
import type { Counts, InboxItem, InboxPage } from '@carillon/schemas'
import { hasLabels } from '@carillon/schemas/item-rules'
import { NONE, shifted, weight } from '../inbox/counts.ts'
import { matches, placeOf, type Query } from '../inbox/query.ts'

export type Inbox = { items: Map<string, InboxItem>; epoch: string; seq: number }

/** Every item arrives a millisecond after the previous one, whatever its id says. */
let arrived = Date.now()
const arrival = (): string => new Date(++arrived).toISOString()

const summary = (key: string, members: readonly InboxItem[]): InboxItem['group'] => ({
  key,
  count: members.length,
  unread: members.filter(({ readAt }) => readAt === null).length,
  newest: members
    .slice(0, 3)
    .map(({ id, title, url, image, actor, createdAt, arrivedAt = createdAt, readAt }) => ({
      ...{ id, title, url, image, actor, createdAt, arrivedAt, readAt },
    })),
})

/** Creates the inboxes of the test hub, by user, in memory. */
export const createInboxes = () => {
  const inboxes = new Map<string, Inbox>()

  const of = (user: string): Inbox => {
    const known = inboxes.get(user)
    if (known) return known
    const inbox: Inbox = { items: new Map(), epoch: randomUUID(), seq: 0 }
    inboxes.set(user, inbox)
    return inbox
  }
  const itemsIn = (user: string, context?: string) =>
    [...of(user).items.values()].filter((item) => hasLabels(item, { context }))
  const counts = (user: string, context?: string) =>
    itemsIn(user, context).reduce((sum, item) => shifted(sum, NONE, weight(item, Date.now())), NONE)

  return {
    of,
    counts,
    countsByCategory(user: string, context?: string) {
      const by: Record<string, Counts> = Object.create(null)
      for (const item of itemsIn(user, context))
        if (item.category)
          by[item.category] = shifted(by[item.category] ?? NONE, NONE, weight(item, Date.now()))
      return by
    },
    page(user: string, query: Query & { limit?: number; before?: string | undefined }): InboxPage {
      const { items, epoch, seq } = of(user)
      const limit = query.limit ?? 20
      const newestFirst = [...items.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
      const counted = ({ archivedAt, snoozedUntil }: InboxItem) => `${!archivedAt} ${!snoozedUntil}`
      const inGroup = (item: InboxItem) =>
        newestFirst.filter(
          (other) =>
            other.group?.key === item.group?.key &&
            other.type === item.type &&
            counted(other) === counted(item),
        )
      const listed = newestFirst.filter((item) => matches(item, query, Date.now()))
      const found = listed
        .filter((item) => !item.group || inGroup(item).find((other) => listed.includes(other)) === item)
        .filter((item) => !query.before || placeOf(item) < query.before)
        .map(
          (item): InboxItem =>
            item.group ? { ...item, group: summary(item.group.key, inGroup(item)) } : item,
        )
      const some = found.slice(0, limit)
      return {
        items: some,
        counts: counts(user),
        next: found.length > limit ? placeOf(some.at(-1)!) : null,
        position: { epoch, seq },
      }
    },
    /** Stores an item, unless it is stored already. Returns the stored item. */
    put(user: string, item: InboxItem): InboxItem {
      const { items } = of(user)
      const stored = items.get(item.id) ?? { ...item, arrivedAt: item.arrivedAt ?? arrival() }
      items.set(item.id, stored)
      return stored
    },
    /** Merges a patch into the stored items with these ids. */
    patch(user: string, ids: readonly string[], patch: Partial<InboxItem>) {
      const { items } = of(user)
      for (const id of ids) {
        const item = items.get(id)
        if (item) items.set(id, { ...item, ...patch, acted: { ...item.acted, ...patch.acted } })
      }
    },
    /** Marks items as received, as the hub does when a client acknowledges them. */
    receive(user: string, ids: readonly string[]) {
      const { items } = of(user)
      for (const id of ids) {
        const item = items.get(id)
        if (item) items.set(id, { ...item, receivedAt: item.receivedAt ?? new Date().toISOString() })
      }
    },
  }
}
export type Inboxes = ReturnType<typeof createInboxes>
