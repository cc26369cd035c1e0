import { grouped } from '@carillon/core/group-by'
import { lastAt } from '@carillon/core/notification/delivery-times'
import type { Store } from '@carillon/core/store/port'
import type { Accepted } from './accept.ts'

type Keyed = { each: Accepted; key: string }

const NONE: ReadonlySet<Accepted> = new Set()

const keyedOf = (accepted: readonly Accepted[]): Keyed[] =>
  accepted.flatMap((each) => {
    const key = each.ready.notification.cancelKey
    return key === undefined ? [] : [{ each, key }]
  })

/**
 * Returns a function that enters notifications under their cancel keys, and resolves with those that were cancelled before
 * they were read, by the log's times. It marks them as cancelled. Notifications without a cancel key cost nothing.
 */
export const createFindCancelled = (store: {
  cancelKeys: Pick<Store['cancelKeys'], 'enter'>
  notifications: Pick<Store['notifications'], 'cancel'>
}) => {
  const inTenant = async ([tenant, keyed]: [string, Keyed[]]): Promise<Accepted[]> => {
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
    const keyed = keyedOf(accepted)
    if (keyed.length === 0) return NONE
    const found = await Promise.all([...grouped(keyed, ({ each }) => each.ready.tenant)].map(inTenant))
    return new Set(found.flat())
  }
}
