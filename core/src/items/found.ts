import type { InboxItem, ItemSelection } from '@carillon/schemas'
import { groupedSlices, slices } from '../group-by.ts'
import type { Store } from '../store/port.ts'
import type { InboxPlace, NamedItem, Owner } from '../store/ports/inbox.ts'
import type { Batch } from './walk.ts'

/** Maximum inboxes that are read concurrently. */
const AT_ONCE = 32
/** Maximum items of one inbox per read. */
const ITEMS = 500

/** An item and its user. */
export type FoundItem = { user: string; item: InboxItem }

/** Reports whether an item matches a selection. */
export const isSelected = (
  item: InboxItem,
  { notification, entity, tag, context }: Omit<ItemSelection, 'user'>,
): boolean =>
  (notification === undefined || item.notification === notification) &&
  (entity === undefined || item.entity === entity) &&
  (tag === undefined || item.tags?.includes(tag) === true) &&
  (context === undefined || item.context === context)

/**
 * Returns a function that finds the items that may belong to a notification: those of its recipients, and also those of its
 * entity if it replaces items.
 */
export const createCandidates =
  (inbox: Pick<Store['inbox'], 'ofEntity'>) =>
  async (tenant: string, { id, record, named }: Batch): Promise<NamedItem[]> => {
    const entity = record?.replaces
    if (!record || entity === undefined) return named
    const { type, context } = record
    const all: NamedItem[] = [...named]
    for (const some of slices(named, AT_ONCE)) {
      const found = await Promise.all(
        some.map(async ({ user }) => {
          const items = await inbox.ofEntity({ tenant, user }, { type, context, entity })
          return items
            .filter(({ notification }) => notification === id)
            .map((item) => ({ user, id: item.id }))
        }),
      )
      all.push(...found.flat())
    }
    return [...new Map(all.map((each) => [each.id, each])).values()]
  }

/** Returns a function that reads the selected items of batches: only those that still belong to their notification. */
export const createBatchItems = (inbox: Pick<Store['inbox'], 'ofEntity' | 'get'>) => {
  const candidates = createCandidates(inbox)
  return async (
    tenant: string,
    batches: readonly Batch[],
    selection: ItemSelection,
  ): Promise<FoundItem[]> => {
    const named: (NamedItem & { notification: string })[] = []
    for (const some of slices(batches, AT_ONCE))
      for (const [index, all] of (
        await Promise.all(some.map((batch) => candidates(tenant, batch)))
      ).entries())
        named.push(...all.map((each) => ({ ...each, notification: some[index]!.id })))
    const items = new Map<string, InboxItem>()
    const nameOf = (user: string, id: string) => `${user}\n${id}`
    for (const some of slices(
      groupedSlices(named, ({ user }) => user, ITEMS),
      AT_ONCE,
    ))
      await Promise.all(
        some.map(async ([user, own]) => {
          const ids = [...new Set(own.map(({ id }) => id))]
          for (const item of await inbox.get({ tenant, user }, ids)) items.set(nameOf(user, item.id), item)
        }),
      )
    return named.flatMap(({ user, id, notification }) => {
      const item = items.get(nameOf(user, id))
      return item?.notification === notification && isSelected(item, selection) ? [{ user, item }] : []
    })
  }
}

/** Reads a page of the selected items of one user, in order of arrival. It may be short, or empty, and still have a `next`. */
export const itemsOfUser = async (
  inbox: Pick<Store['inbox'], 'arrivals' | 'get'>,
  owner: Owner,
  selection: Omit<ItemSelection, 'user'>,
  { before, limit }: { before?: InboxPlace | undefined; limit: number },
): Promise<{ items: InboxItem[]; next?: InboxPlace }> => {
  const { arrivals, next } = await inbox.arrivals(owner, { ...(before ? { before } : {}), limit })
  const wanted = arrivals.filter(
    ({ notification }) => selection.notification === undefined || notification === selection.notification,
  )
  const items = await inbox.get(
    owner,
    wanted.map(({ id }) => id),
  )
  const order = new Map(arrivals.map(({ id }, index) => [id, index]))
  return {
    items: items
      .filter((item) => isSelected(item, selection))
      .sort((one, other) => order.get(one.id)! - order.get(other.id)!),
    ...(next ? { next } : {}),
  }
}
