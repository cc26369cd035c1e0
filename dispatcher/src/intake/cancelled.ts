import { grouped } from '@carillon/core/group-by'
import { labelsOf } from '@carillon/core/items/labels'
import { lastAt } from '@carillon/core/notification/delivery-times'
import { UNREAD_CANCELLED, unreadKey } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import type { Accepted } from './accept.ts'

type Keyed = { each: Accepted; key: string }

const keyedOf = (accepted: readonly Accepted[]): Keyed[] =>
  accepted.flatMap((each) => {
    const key = each.ready.notification.cancelKey
    return key === undefined ? [] : [{ each, key }]
  })

/**
 * Returns a function that resolves with the notifications that were cancelled before they were read, by a cancel key or their
 * id, or recalled by an entity or tag, by the log's times. It enters notifications under their cancel keys, entities and tags,
 * and marks cancelled ones. It costs one read for each tenant, unless notifications have any of these, or one that had not been
 * read has been cancelled since they were accepted.
 */
export const createFindCancelled = (store: {
  cancelKeys: Pick<Store['cancelKeys'], 'enter' | 'cancelledUntil'>
  labelled: Pick<Store['labelled'], 'enter'>
  notifications: Pick<Store['notifications'], 'cancel'>
}) => {
  /** Enters notifications under their entities and tags. Returns the ids of those that are recalled. */
  const recalledOf = async (tenant: string, all: readonly Accepted[]): Promise<string[]> => {
    const labelled = all.flatMap((each) =>
      labelsOf(each.ready.notification).map((label) => ({ each, label })),
    )
    if (labelled.length === 0) return []
    const entered = await store.labelled.enter(
      tenant,
      labelled.map(({ each: { ready, message }, label }) => ({
        ...{ label, context: ready.notification.context ?? '', notification: ready.id },
        at: message.appendedAt,
        dueAt: lastAt(ready.notification, ready.acceptedAt),
      })),
    )
    return labelled.flatMap(({ each }, index) => (entered[index] ? [each.ready.id] : []))
  }

  const inTenant = async ([tenant, all]: [string, Accepted[]]): Promise<Accepted[]> => {
    const [unread, recalled] = await Promise.all([
      store.cancelKeys.cancelledUntil(tenant, UNREAD_CANCELLED),
      recalledOf(tenant, all),
    ])
    const until = unread ?? -1
    const mayBe = all.filter(({ message }) => message.appendedAt <= until)
    const keyed = [...keyedOf(all), ...mayBe.map((each) => ({ each, key: unreadKey(each.ready.id) }))]
    if (keyed.length === 0 && recalled.length === 0) return []
    const entered = await store.cancelKeys.enter(
      tenant,
      keyed.map(({ each: { ready, message }, key }) => ({
        ...{ key, notification: ready.id, at: message.appendedAt },
        dueAt: lastAt(ready.notification, ready.acceptedAt),
      })),
    )
    const keyedIds = keyed.flatMap(({ each }, index) => (entered[index] ? [each.ready.id] : []))
    const ids = new Set([...keyedIds, ...recalled])
    const now = Date.now()
    await Promise.all([...ids].map((id) => store.notifications.cancel(tenant, id, now)))
    // A message of the batch may repeat a notification that was cancelled before.
    return all.filter(({ ready }) => ids.has(ready.id))
  }

  return async (accepted: readonly Accepted[]): Promise<ReadonlySet<Accepted>> => {
    const found = await Promise.all([...grouped(accepted, ({ ready }) => ready.tenant)].map(inTenant))
    return new Set(found.flat())
  }
}
