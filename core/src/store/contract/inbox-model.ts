import { type Counts, INBOX_STATUSES, type InboxStatus } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { Inbox, NewItem, Owner } from '../ports/inbox.ts'
import { allPages } from './inbox.ts'
import { DAY, freshOwner, ids, sampleItem, seeded } from './samples.ts'

type ModelItem = {
  item: NewItem
  removed: boolean
  seen: boolean
  read: boolean
  archived: boolean
  snoozedUntil: number
}

/** The inbox as its port describes it, and nothing more. */
const model = () => {
  const items = new Map<string, ModelItem>()
  const visible = () =>
    [...items.values()].filter(({ item, removed }) => !removed && item.expiresAt > Date.now())
  const matches = (status: InboxStatus, { seen, read, archived, snoozedUntil }: ModelItem): boolean => {
    if (archived) return status === 'archived'
    if (snoozedUntil > Date.now()) return status === 'snoozed'
    return { active: true, unread: !read, unseen: !seen, read, archived: false, snoozed: false }[status]
  }
  const page = (status: InboxStatus, tag?: string): string[] =>
    ids(
      visible()
        .filter(
          (entry) => matches(status, entry) && (tag === undefined || entry.item.content.tags?.includes(tag)),
        )
        .map(({ item }) => item),
    )
      .sort()
      .reverse()
  return {
    items,
    put: (item: NewItem) => {
      if (!items.has(item.content.id))
        items.set(item.content.id, {
          item,
          removed: false,
          seen: false,
          read: false,
          archived: false,
          snoozedUntil: 0,
        })
    },
    visible,
    page,
    counts: (): Counts => ({ unread: page('unread').length, unseen: page('unseen').length }),
  }
}

const ROUNDS = 12
const STEPS = 10

/** Random work by one person over three months of items, in the store and in the model alike. */
const play = async (inbox: Inbox, owner: Owner, random: () => number) => {
  const expected = model()
  const below = (limit: number) => Math.floor(random() * limit)
  const some = (entries: ModelItem[]) => entries.filter(() => random() < 0.25)
  const time = (set: boolean) => (set ? new Date().toISOString() : null)

  const steps: (() => Promise<void>)[] = [
    async () => {
      const items = Array.from({ length: 1 + below(6) }, () =>
        sampleItem(owner, {
          age: below(85 * DAY),
          tags: random() < 0.5 ? ['red'] : ['blue', 'red'],
          ...(random() < 0.2 ? { expiresAt: Date.now() + below(DAY) } : {}),
        }),
      )
      await inbox.put(items)
      for (const item of items) expected.put(item)
    },
    async () => inbox.put(some([...expected.items.values()]).map(({ item }) => item)),
    async () => {
      const chosen = some(expected.visible())
      const [seen, read] = [random() < 0.7, random() < 0.5]
      await inbox.change(owner, ids(chosen.map(({ item }) => item)), {
        seenAt: time(seen),
        readAt: time(read),
      })
      for (const entry of chosen) Object.assign(entry, { seen, read })
    },
    async () => {
      const chosen = some(expected.visible())
      const archived = random() < 0.5
      await inbox.change(owner, ids(chosen.map(({ item }) => item)), { archivedAt: time(archived) })
      for (const entry of chosen) Object.assign(entry, { archived })
    },
    async () => {
      const chosen = some(expected.visible())
      const snoozedUntil = random() < 0.5 ? Date.now() + below(4 * 3_600_000) : 0
      const until = snoozedUntil ? new Date(snoozedUntil).toISOString() : null
      await inbox.change(owner, ids(chosen.map(({ item }) => item)), { snoozedUntil: until })
      for (const entry of chosen) Object.assign(entry, { snoozedUntil })
    },
    async () => {
      const chosen = some(some(expected.visible()))
      await inbox.remove(owner, ids(chosen.map(({ item }) => item)))
      for (const entry of chosen) Object.assign(entry, { removed: true })
    },
    async () => {
      vi.setSystemTime(Date.now() + below(1_800_000))
    },
  ]

  for (let round = 0; round < ROUNDS; round++) {
    for (let step = 0; step < STEPS; step++) await steps[below(steps.length)]?.()
    expect(await inbox.counts(owner)).toEqual(expected.counts())
    for (const status of INBOX_STATUSES) {
      const tag = random() < 0.3 ? 'blue' : undefined
      const found = await allPages(inbox, owner, { status, tag, limit: 1 + below(20) })
      expect(ids(found), status).toEqual(expected.page(status, tag))
    }
  }
}

export const inboxModelContract = (store: () => Store): void => {
  describe('inbox under random work', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test.each([1, 2, 3])('agrees with the model (seed %i)', async (seed) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
      await play(store().inbox, freshOwner(), seeded(seed))
    })
  })
}
