import { deliveryEvent } from '@carillon/core/delivery/events'
import { ERASURE_SETTLE_MS, type Erasure, isVoid } from '@carillon/core/store/erasure'
import { grouped } from '@carillon/core/store/grouping'
import { IN_APP_STEP } from '@carillon/core/store/ledger'
import type { Store } from '@carillon/core/store/port'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Ready } from '../work.ts'

/** An item to be stored, and the notification it is of. */
export type Entry = { item: NewItem; ready: Ready }

const at = (tenant: string, user: string) => `${tenant}\n${user}`

/** What the ledger says of somebody who is erased: nothing was delivered into the app, and no step will be taken. */
const skippedDeliveries = ({ item, ready: { plan, toAudience, id } }: Entry): DeliveryChange[] => {
  const change = {
    notification: id,
    user: item.user,
    device: '',
    toAudience,
    state: 'skipped',
    reason: 'erased',
    at: Date.now(),
  } as const
  return [
    { ...change, step: IN_APP_STEP, channel: 'inbox' },
    ...plan.map(({ channel }, step) => ({ ...change, step, channel })),
  ]
}

/** Erasures by tenant and user. */
type Erasures = ReadonlyMap<string, Erasure>

/**
 * Stores items, except those of erased users. Looks for erasures while it stores, one query per tenant: an erasure is on
 * record ERASURE_SETTLE_MS before it removes anything, so it removes what was stored without having been seen, unless
 * storing took long; then it looks again. Items of users who turn out to be erased are removed again. Resolves to the
 * others, and to the users that were skipped, by notification.
 */
export const createStoreItems = ({
  store,
  stream,
  metrics,
}: {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'skipped'>
}) => {
  const look = async (entries: readonly Entry[]): Promise<Erasures> => {
    const found = new Map<string, Erasure>()
    await Promise.all(
      [...grouped(entries, ({ item }) => item.tenant)].map(async ([tenant, some]) => {
        const users = [...new Set(some.map(({ item }) => item.user))]
        for (const [user, erasure] of await store.users.erased(tenant, users))
          found.set(at(tenant, user), erasure)
      }),
    )
    return found
  }

  const put = async (entries: readonly Entry[]): Promise<Erasures> => {
    const begun = performance.now()
    const [found] = await Promise.all([look(entries), store.inbox.put(entries.map(({ item }) => item))])
    return performance.now() - begun < ERASURE_SETTLE_MS / 2 ? found : look(entries)
  }

  const undo = async (erased: readonly Entry[]): Promise<void> => {
    const owners = grouped(erased, ({ item }) => at(item.tenant, item.user))
    await Promise.all(
      [...owners.values()].map(([first, ...rest]) =>
        first
          ? store.inbox.remove(
              first.item,
              [first, ...rest].map(({ item }) => item.content.id),
            )
          : undefined,
      ),
    )
    for (const [tenant, entries] of grouped(erased, ({ item }) => item.tenant)) {
      const changes = entries.flatMap(skippedDeliveries)
      await stream.publish(changes.map((change) => deliveryEvent(tenant, change)))
      await store.deliveries.record(tenant, changes)
      for (const { channel } of changes) metrics.skipped.inc({ channel, reason: 'erased' })
    }
  }

  return async (entries: readonly Entry[]): Promise<{ kept: Entry[]; skipped: Map<Ready, string[]> }> => {
    const erasures = await put(entries)
    const gone = ({ item, ready }: Entry) =>
      isVoid(erasures.get(at(item.tenant, item.user)), ready.acceptedAt)
    const erased = erasures.size === 0 ? [] : entries.filter(gone)
    if (erased.length === 0) return { kept: [...entries], skipped: new Map() }
    await undo(erased)
    const skipped = new Map<Ready, string[]>()
    for (const { item, ready } of erased) skipped.set(ready, [...(skipped.get(ready) ?? []), item.user])
    return { kept: entries.filter((entry) => !gone(entry)), skipped }
  }
}
