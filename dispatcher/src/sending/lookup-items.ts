import type { Step } from '@carillon/core/delivery/step'
import { acceptedAt } from '@carillon/core/delivery/step'
import { grouped, groupedSlices } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import type { Amendment } from '@carillon/core/store/ports/notifications'
import { type Erasure, isVoid } from '@carillon/core/store/rules/erasure'
import type { InboxItem } from '@carillon/schemas'

/** Maximum number of items of one person that are read together. */
const ITEMS = 500

const at = (...parts: string[]) => parts.join('\n')
const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]

const itemsOf = async (store: Pick<Store, 'inbox'>, steps: readonly Step[]) => {
  const items = new Map<string, InboxItem>()
  const withItem = steps.flatMap(({ tenant, user, item }) =>
    item === undefined ? [] : [{ tenant, user, item }],
  )
  const owners = groupedSlices(withItem, ({ tenant, user }) => at(tenant, user), ITEMS)
  await Promise.all(
    owners.map(async ([, some]) => {
      const { tenant, user } = some[0]!
      for (const item of await store.inbox.get({ tenant, user }, unique(some.map(({ item }) => item))))
        items.set(at(tenant, user, item.id), item)
    }),
  )
  return items
}

/** Returns which notifications of steps are cancelled, and the amendments of the others. */
const recordsOf = async (store: Pick<Store, 'notifications'>, steps: readonly Step[]) => {
  const cancelled = new Set<string>()
  const amendments = new Map<string, readonly Amendment[]>()
  const asked = steps.filter(({ secret, digest }) => secret === undefined && digest === undefined)
  await Promise.all(
    [...grouped(asked, ({ tenant }) => tenant)].map(async ([tenant, some]) => {
      const ids = unique(some.map(({ notification }) => notification))
      for (const [id, record] of await store.notifications.find(tenant, ids)) {
        if (record.state === 'cancelled') cancelled.add(at(tenant, id))
        if (record.amendments) amendments.set(at(tenant, id), record.amendments)
      }
    }),
  )
  return { cancelled, amendments }
}

const erasuresOf = async (store: Pick<Store, 'users'>, steps: readonly Step[]) => {
  const erasures = new Map<string, Erasure>()
  await Promise.all(
    [...grouped(steps, ({ tenant }) => tenant)].map(async ([tenant, together]) => {
      const users = unique(together.map(({ user }) => user))
      for (const [id, erasure] of await store.users.erased(tenant, users))
        erasures.set(at(tenant, id), erasure)
    }),
  )
  return erasures
}

/** Looks up the items of steps, and which steps are void because their notification is cancelled or their user erased. */
export const lookUpItems = async (
  store: Pick<Store, 'inbox' | 'notifications' | 'users'>,
  steps: readonly Step[],
) => {
  const [items, { cancelled, amendments }, erasures] = await Promise.all([
    itemsOf(store, steps),
    recordsOf(store, steps),
    erasuresOf(store, steps),
  ])
  return {
    item: ({ tenant, user, item }: Step) =>
      item === undefined ? undefined : items.get(at(tenant, user, item)),
    /** Returns the amendments of a step's notification, which apply to steps without an item. */
    amendments: ({ tenant, notification }: Step) => amendments.get(at(tenant, notification)) ?? [],
    isCancelled: ({ tenant, notification }: Step) => cancelled.has(at(tenant, notification)),
    isErased: (step: Step) => isVoid(erasures.get(at(step.tenant, step.user)), acceptedAt(step)),
  }
}
