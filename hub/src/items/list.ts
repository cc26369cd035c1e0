import { createBatchItems, itemsOfUser } from '@carillon/core/items/found'
import type { Position } from '@carillon/core/items/sequence'
import { createWalk } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import type { DeliveredItem, ItemSelection } from '@carillon/schemas'

type Page = { items: DeliveredItem[]; next?: Position }

/**
 * Returns a function that lists delivered items: those of one user in order of arrival, otherwise by notification, newest
 * first. One call reads a bounded number of rows, so a page may be short or empty and still have a `next`.
 */
export const createItemList = (store: Pick<Store, 'inbox' | 'notifications' | 'labelled'>) => {
  const walk = createWalk(store)
  const itemsOf = createBatchItems(store.inbox)

  const ofUser = async (
    tenant: string,
    user: string,
    selection: ItemSelection,
    { position, limit }: { position: Position | undefined; limit: number },
  ): Promise<Page> => {
    const before = position && { place: position.at, id: position.id }
    const { items, next } = await itemsOfUser(store.inbox, { tenant, user }, selection, { before, limit })
    return {
      items: items.map((item) => ({ user, ...item })),
      ...(next ? { next: { at: next.place, id: next.id } } : {}),
    }
  }

  return async (
    tenant: string,
    selection: ItemSelection,
    page: { position: Position | undefined; limit: number },
  ): Promise<Page> => {
    const { user, notification } = selection
    if (user !== undefined) return ofUser(tenant, user, selection, page)
    const ids = notification === undefined ? undefined : [notification]
    const { batches, next } = await walk(tenant, { ...selection, ids }, page.position, {
      most: page.limit,
    })
    const found = await itemsOf(tenant, batches, selection)
    const items = found.map(({ user, item }) => ({ user, ...item }))
    return { items, ...(next ? { next } : {}) }
  }
}

export type ItemList = ReturnType<typeof createItemList>
