import {
  COUNT_MAX,
  type Counts,
  changeOf,
  countsOf,
  hasLabels,
  hasStatus,
  INBOX_STATUSES,
  type InboxItem,
  type InboxStatus,
  type ItemFilter,
  type ItemPatch,
  type ItemState,
  sees,
  changed as stateAfter,
} from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { AllVerb, BulkFilter, Inbox, NewItem, Owner, Seen } from '../ports/inbox.ts'
import { allPages } from './inbox.ts'
import { DAY, freshOwner, HOUR, ids, sampleItem, seeded } from './samples.ts'

/** `order`: increases with every put. */
type ModelItem = { item: NewItem; removed: boolean; order: number; state: ItemState }

const FRESH: ItemState = {
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
}

const isAfter = (one: ModelItem, other: ModelItem): boolean =>
  one.order > other.order || (one.order === other.order && one.item.id > other.item.id)

/** A model of the inbox port: a list, changed item by item. */
const model = (countMax: number) => {
  const items = new Map<string, ModelItem>()
  const visible = () =>
    [...items.values()].filter(({ item, removed }) => !removed && item.expiresAt > Date.now())
  const list = (status: InboxStatus, filter: ItemFilter & Seen = {}) =>
    visible().filter(
      ({ item, state }) =>
        hasStatus(status, state, Date.now()) &&
        hasLabels(item.content, filter) &&
        sees(filter.contexts, item.content),
    )
  const change = (entry: ModelItem, patch: ItemPatch) => {
    entry.state = stateAfter(entry.state, changeOf(entry.state, patch, Date.now()))
  }
  return {
    items,
    visible,
    list,
    change,
    put: (item: NewItem, order: number) => {
      if (!items.has(item.id)) items.set(item.id, { item, removed: false, order, state: FRESH })
    },
    counts: (filter: ItemFilter & Seen) =>
      countsOf(list('unread', filter).length, list('unseen', filter).length, false, countMax),
    all: (verb: AllVerb, { status, ...filter }: BulkFilter, through?: ModelItem) => {
      for (const entry of list(status ?? 'active', filter))
        if (!through || !isAfter(entry, through)) change(entry, { [verb]: true })
    },
  }
}

const isSameGroup = ({ item: one }: ModelItem, { item: other }: ModelItem): boolean => {
  const { group, context, type } = one.content
  const { content } = other
  return !!group && content.group?.key === group.key && content.context === context && content.type === type
}

/** Returns the groups of listed items, which are newest first: each with its members, newest first. */
const groupsOf = (listed: readonly ModelItem[]): ModelItem[][] => {
  const groups: ModelItem[][] = []
  for (const entry of listed) {
    const known = groups.find(([first]) => first && isSameGroup(first, entry))
    if (known) known.push(entry)
    else groups.push([entry])
  }
  return groups
}

/** Expects each group once, at its newest listed item, with its numbers. Numbers with `more` are lower bounds. */
const expectGroups = (
  found: readonly InboxItem[],
  expected: readonly (readonly [ModelItem, readonly ModelItem[]])[],
  countMax: number,
) => {
  expect(ids(found)).toEqual(expected.map(([{ item }]) => item.id))
  for (const [index, { group }] of found.entries()) {
    const [standing, members] = expected[index]!
    if (!standing.item.content.group) {
      expect(group).toBeUndefined()
      continue
    }
    const unread = members.filter(({ state }) => state.readAt === null).length
    const newest = group?.newest?.map(({ id }) => id) ?? []
    const memberIds = ids(members.map(({ item }) => item))
    expect(newest.filter((id) => !memberIds.includes(id))).toEqual([])
    if (members.length > countMax) expect(group).toMatchObject({ more: true })
    if (!group?.more) {
      expect(group).toMatchObject({ count: members.length, unread })
      expect(group?.newest).toHaveLength(Math.min(3, members.length))
    } else {
      expect(group.count).toBeLessThanOrEqual(Math.min(members.length, countMax))
      expect(group.unread).toBeLessThanOrEqual(unread)
    }
  }
}

type Effort = { rounds: number; steps: number; most: number; countMax?: number }

const GROUPS = ['post-1', 'post-2', '__proto__']
const TYPES = ['comment.created', 'like.added']
const CATEGORIES = ['orders', 'news']
const VERBS: readonly AllVerb[] = ['read', 'seen', 'archived']

/** Counts until the count is complete, because each search is bounded. */
const wholeCounts = async (inbox: Inbox, owner: Owner, filter?: ItemFilter & Seen) => {
  for (let tries = 0; ; tries++) {
    const { counts, complete } = await inbox.counts(owner, filter)
    if (complete || tries === 200) return counts
  }
}

/** Expects the counts by label to be those of each value. */
const checkCountsBy = async (
  inbox: Inbox,
  owner: Owner,
  seen: Seen,
  counts: (filter: ItemFilter) => Counts,
) => {
  for (let tries = 0; ; tries++) {
    const found = await inbox.countsBy(owner, ['category', 'context'], seen)
    if (!found.complete && tries < 200) continue
    expect(found.counts).toEqual(counts({}))
    for (const label of ['category', 'context'] as const) {
      const values = found.by.get(label)
      for (const [value, counted] of values ?? [])
        expect(counted, `${label} ${value}`).toEqual(counts({ [label]: value }))
      for (const value of label === 'category' ? CATEGORIES : ['', '__proto__'])
        if (!values?.has(value)) expect(counts({ [label]: value })).toEqual({ unread: 0, unseen: 0 })
    }
    return
  }
}

/**
 * Applies random operations of one user and of senders to the store and to the model: old and repeated items, every verb,
 * verbs for all items of a tab, a moving clock, and concurrent readers.
 */
export const playInbox = async (
  inbox: Inbox,
  owner: Owner,
  random: () => number,
  { rounds, steps, most, countMax = COUNT_MAX }: Effort,
): Promise<void> => {
  const expected = model(countMax)
  let puts = 0
  const below = (limit: number) => Math.floor(random() * limit)
  const one = <T>(list: readonly T[]): T | undefined => list[below(list.length)]
  const some = (entries: readonly ModelItem[], share = 0.25) => entries.filter(() => random() < share)
  const tick = () => vi.setSystemTime(Date.now() + 1 + below(20))

  const fresh = () =>
    sampleItem(owner, {
      age: random() < 0.5 ? below(1_000) : below(85 * DAY),
      tags: random() < 0.5 ? ['red'] : ['blue', 'red'],
      ...(random() < 0.7 ? { category: one(CATEGORIES)! } : {}),
      ...(random() < 0.5 ? { context: one(['acme', '__proto__'])! } : {}),
      ...(random() < 0.1 ? { expiresAt: Date.now() + below(DAY) } : {}),
      ...(random() < 0.6 ? { group: { key: one(GROUPS)! }, type: one(TYPES)! } : {}),
    })
  const filter = (): ItemFilter => ({
    ...(random() < 0.5 ? { category: one(CATEGORIES)! } : {}),
    ...(random() < 0.3 ? { tag: 'blue' } : {}),
    ...(random() < 0.2 ? { context: one(['', 'acme'])! } : {}),
    ...(random() < 0.1 ? { group: one(GROUPS)!, ...(random() < 0.5 ? { type: one(TYPES)! } : {}) } : {}),
  })
  const seen = (): Seen => ({ contexts: one([['acme'], [''], ['', '__proto__'], ['acme', 'none']])! })
  /** A verb for many items, and which of them. */
  const bulk = (share: number): [AllVerb, BulkFilter] => {
    const [verb, narrow] = [one(VERBS)!, random() < share ? {} : filter()]
    return [verb, verb === 'archived' && random() < 0.5 ? { ...narrow, status: 'read' } : narrow]
  }
  const patch = async (entries: readonly ModelItem[], wanted: ItemPatch) => {
    tick()
    const now = Date.now()
    await inbox.change(owner, ids(entries.map(({ item }) => item)), (item) => changeOf(item, wanted, now))
    for (const entry of entries) expected.change(entry, wanted)
  }

  const work: (() => Promise<void>)[] = [
    async () => {
      tick()
      const items = Array.from({ length: 1 + below(most) }, fresh)
      await inbox.put(items)
      const order = puts++
      for (const item of items) expected.put(item, order)
    },
    async () => {
      await inbox.put(some([...expected.items.values()]).map(({ item }) => item))
    },
    async () => patch(some(expected.visible()), { read: true }),
    async () => patch(some(expected.list('active'), 0.8), { read: true }),
    async () => patch(some(expected.visible(), 0.1), { read: false }),
    async () => patch(some(expected.visible()), { seen: random() < 0.7 }),
    async () => patch(some(expected.visible()), { archived: random() < 0.5 }),
    async () => patch(some(expected.visible(), 0.1), { archived: false }),
    async () =>
      patch(some(expected.visible(), 0.1), {
        snoozedUntil: new Date(Date.now() + 30_000 + below(4 * HOUR)).toISOString(),
      }),
    async () => patch(some(expected.visible(), 0.1), { snoozedUntil: null }),
    async () => {
      const chosen = some(expected.visible(), random() < 0.1 ? 0.8 : 0.05)
      await inbox.remove(owner, ids(chosen.map(({ item }) => item)))
      for (const entry of chosen) entry.removed = true
    },
    async () => {
      tick()
      const [verb, narrow] = bulk(0.5)
      // Items of one put are ordered by id, highest first.
      const through = random() < 0.5 ? one(expected.visible()) : undefined
      if (through) {
        await inbox.changeAll(owner, verb, { ...narrow, through: through.item.id })
        expected.all(verb, narrow, through)
        return
      }
      await inbox.changeAll(owner, verb, narrow)
      expected.all(verb, narrow)
    },
    async () => {
      tick()
      const [verb, narrow] = bulk(0.7)
      await inbox.changeAll(owner, verb, narrow)
      expected.all(verb, narrow)
    },
    async () => {
      vi.setSystemTime(Date.now() + below(random() < 0.5 ? 7_000 : 1_800_000))
    },
    async () => {
      await Promise.all([
        inbox.counts(owner),
        inbox.counts(owner, seen()),
        inbox.page(owner, { status: 'unread', limit: 20 }),
        inbox.pageWithCounts(owner, { status: 'active', limit: 20, ...seen() }),
      ])
    },
  ]

  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < steps; step++) {
      const readers =
        random() < 0.3 ? [inbox.counts(owner), inbox.page(owner, { status: 'active', limit: 10 })] : []
      await one(work)?.()
      await Promise.all(readers)
    }
    for (const part of [{}, seen(), seen(), filter(), { ...filter(), ...seen() }])
      expect(await wholeCounts(inbox, owner, part), JSON.stringify(part)).toEqual(expected.counts(part))
    const part = seen()
    await checkCountsBy(inbox, owner, part, (filter) => expected.counts({ ...part, ...filter }))
    for (const status of INBOX_STATUSES) {
      const narrow = { ...(random() < 0.3 ? filter() : {}), ...(random() < 0.3 ? seen() : {}) }
      const found = await allPages(inbox, owner, { status, ...narrow, limit: 1 + below(20) })
      const listed = expected.list(status, narrow)
      expect(ids(found).toSorted(), status).toEqual(ids(listed.map(({ item }) => item)).toSorted())
      if (random() < 0.4) continue
      const groups = await allPages(inbox, owner, { status, ...narrow, grouped: true, limit: 1 + below(20) })
      const places = new Map(found.map(({ id }, index) => [id, index]))
      const placeOf = ({ item: { id } }: ModelItem) => places.get(id) ?? 0
      const standing = groupsOf(listed.sort((one, other) => placeOf(one) - placeOf(other))).map(
        ([first]) => first!,
      )
      const counted = expected.list(status === 'archived' || status === 'snoozed' ? status : 'active')
      expectGroups(
        groups,
        standing.map((entry) => [entry, counted.filter((other) => isSameGroup(entry, other))] as const),
        countMax,
      )
    }
    const all = await allPages(inbox, owner, { status: 'active', limit: 100 })
    const states = new Map(expected.visible().map(({ item, state }) => [item.id, state]))
    for (const { id, seenAt, readAt, archivedAt, snoozedUntil } of all) {
      const state = states.get(id)!
      const asleep = state.snoozedUntil !== null && Date.parse(state.snoozedUntil) > Date.now()
      expect({ id, seenAt, readAt, archivedAt, snoozedUntil }).toEqual({
        id,
        seenAt: state.seenAt,
        readAt: state.readAt,
        archivedAt: state.archivedAt,
        snoozedUntil: asleep ? state.snoozedUntil : null,
      })
    }
  }
}

export const inboxModelContract = (store: () => Store): void => {
  describe('an inbox with random operations', () => {
    let latest = 0
    afterEach(() => {
      vi.useRealTimers()
    })

    test.each([1, 2, 3])(
      'matches the model (seed %i)',
      async (seed) => {
        // Write timestamps of the process never go back, so neither does the time from one seed to the next.
        latest = Math.max(Date.now(), latest) + 1_000_000
        vi.useFakeTimers({ toFake: ['Date'], now: latest })
        await playInbox(store().inbox, freshOwner(), seeded(seed), { rounds: 8, steps: 12, most: 60 })
        latest = Date.now()
      },
      180_000,
    )
  })
}
