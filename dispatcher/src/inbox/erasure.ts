import { deliveryEvent } from '@carillon/core/delivery/events'
import { endOfErased } from '@carillon/core/routing/plan'
import { ERASURE_SETTLE_MS, type Erasure, isVoid } from '@carillon/core/store/erasure'
import { grouped } from '@carillon/core/store/grouping'
import { IN_APP_STEP } from '@carillon/core/store/ledger'
import type { Store } from '@carillon/core/store/port'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { decisionEntry } from '../plan/recipients.ts'
import type { Ready } from '../work.ts'
import { type Entry, hasItem, newItem } from './item.ts'

const at = (tenant: string, user: string) => `${tenant}\n${user}`

/** The ledger entries of an erased user: the inbox and every step are skipped. */
const skippedDeliveries = (entry: Entry): DeliveryChange[] => {
  const { user, planned, ready } = entry
  const { id, toAudience } = ready
  const change = {
    notification: id,
    user,
    device: '',
    toAudience,
    state: 'skipped',
    reason: 'erased',
    at: Date.now(),
  } as const
  return [
    ...(hasItem(entry) ? [{ ...change, step: IN_APP_STEP, channel: 'inbox' as const }] : []),
    ...planned.steps.map(({ channel }, step) => ({ ...change, step, channel })),
  ]
}

/** Erasures by tenant and user. */
type Erasures = ReadonlyMap<string, Erasure>

/**
 * Stores the items of entries, except those of erased users. Erasures are looked up while the items are stored, with one
 * query per tenant. An erasure is on record ERASURE_SETTLE_MS before it removes anything, so it removes every item that was
 * stored without seeing it. Only if storing took long are erasures looked up again. Items of erased users are then removed.
 * Resolves with the other entries, and with the erased users by notification.
 */
export const createStoreItems = ({
  store,
  stream,
  metrics,
}: {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'skipped'>
}) => {
  const look = async (entries: readonly Entry[]): Promise<Erasures> => {
    const found = new Map<string, Erasure>()
    await Promise.all(
      [...grouped(entries, ({ ready }) => ready.tenant)].map(async ([tenant, some]) => {
        const users = [...new Set(some.map(({ user }) => user))]
        for (const [user, erasure] of await store.users.erased(tenant, users))
          found.set(at(tenant, user), erasure)
      }),
    )
    return found
  }

  const put = async (entries: readonly Entry[]): Promise<Erasures> => {
    const items = entries.filter(hasItem).map(newItem)
    const begun = performance.now()
    const [found] = await Promise.all([look(entries), items.length > 0 ? store.inbox.put(items) : undefined])
    return performance.now() - begun < ERASURE_SETTLE_MS / 2 ? found : look(entries)
  }

  const removeItems = async (erased: readonly Entry[]): Promise<void> => {
    const owners = grouped(erased.filter(hasItem), ({ ready, user }) => at(ready.tenant, user))
    await Promise.all(
      [...owners.values()].map(async ([first, ...rest]) => {
        if (!first) return
        const owner = { tenant: first.ready.tenant, user: first.user }
        await store.inbox.remove(
          owner,
          [first, ...rest].map(({ content }) => content.id),
        )
      }),
    )
  }

  const undo = async (erased: readonly Entry[]): Promise<void> => {
    await removeItems(erased)
    const end = endOfErased(Date.now())
    for (const [tenant, entries] of grouped(erased, ({ ready }) => ready.tenant)) {
      const changes = entries.flatMap(skippedDeliveries)
      await stream.publish(changes.map((change) => deliveryEvent(tenant, change)))
      await store.deliveries.record(tenant, changes)
      await store.decisions.record(
        tenant,
        entries.map(({ ready, user }) => decisionEntry(ready, user, end)),
      )
      for (const { channel } of changes) metrics.skipped.inc({ channel, reason: 'erased' })
    }
  }

  return async (entries: readonly Entry[]): Promise<{ kept: Entry[]; erased: Map<Ready, string[]> }> => {
    const erasures = await put(entries)
    const gone = ({ user, ready }: Entry) => isVoid(erasures.get(at(ready.tenant, user)), ready.acceptedAt)
    const ended = erasures.size === 0 ? [] : entries.filter(gone)
    if (ended.length === 0) return { kept: [...entries], erased: new Map() }
    await undo(ended)
    const erased = new Map<Ready, string[]>()
    for (const { user, ready } of ended) erased.set(ready, [...(erased.get(ready) ?? []), user])
    return { kept: entries.filter((entry) => !gone(entry)), erased }
  }
}
