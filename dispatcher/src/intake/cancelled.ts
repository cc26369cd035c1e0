import { grouped } from '@carillon/core/group-by'
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
 * id, by the log's times. It enters notifications under their cancel keys, and marks cancelled ones. It costs one read for each
 * tenant, unless notifications have cancel keys or one that had not been read has been cancelled since they were accepted.
 */
export const createFindCancelled = (store: {
  cancelKeys: Pick<Store['cancelKeys'], 'enter' | 'cancelledUntil'>
  notifications: Pick<Store['notifications'], 'cancel'>
}) => {
  const inTenant = async ([tenant, all]: [string, Accepted[]]): Promise<Accepted[]> => {
    const until = (await store.cancelKeys.cancelledUntil(tenant, UNREAD_CANCELLED)) ?? -1
    const mayBe = all.filter(({ message }) => message.appendedAt <= until)
    const keyed = [...keyedOf(all), ...mayBe.map((each) => ({ each, key: unreadKey(each.ready.id) }))]
    if (keyed.length === 0) return []
    const entered = await store.cancelKeys.enter(
      tenant,
      keyed.map(({ each: { ready, message }, key }) => ({
        ...{ key, notification: ready.id, at: message.appendedAt },
        dueAt: lastAt(ready.notification, ready.acceptedAt),
      })),
    )
    const ids = new Set(keyed.flatMap(({ each }, index) => (entered[index] ? [each.ready.id] : [])))
    const now = Date.now()
    await Promise.all([...ids].map((id) => store.notifications.cancel(tenant, id, now)))
    // A message of the batch may repeat a notification that was cancelled before.
    return keyed.flatMap(({ each }) => (ids.has(each.ready.id) ? [each] : []))
  }

  return async (accepted: readonly Accepted[]): Promise<ReadonlySet<Accepted>> => {
    const found = await Promise.all([...grouped(accepted, ({ ready }) => ready.tenant)].map(inTenant))
    return new Set(found.flat())
  }
}
