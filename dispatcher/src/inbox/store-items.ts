import type { Store } from '@carillon/core/store/port'
import { ERASURE_SETTLE_MS } from '@carillon/core/store/rules/erasure'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Ready } from '../intake/ready.ts'
import { createErasures, type Erasures, isErased } from './erasure.ts'
import { type Entry, hasItem, newItem } from './item.ts'

export type StoreItemsPorts = {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'decisions' | 'skipped' | 'stored'>
}

/** The entries whose users get their items and steps, and the erased users of each notification. */
export type Stored = { kept: Entry[]; erased: Map<Ready, string[]> }

/**
 * Stores the items of entries, except those of erased users. Erasures are looked up while the items are stored, with one
 * query per tenant. An erasure is on record ERASURE_SETTLE_MS before it removes anything, so it removes every item that was
 * stored without seeing it. Only if storing took long are erasures looked up again. Items of erased users are then removed.
 * Repeatable.
 */
export const createStoreItems = ({ store, stream, metrics }: StoreItemsPorts) => {
  const erasures = createErasures({ store, stream, metrics })

  const put = async (entries: readonly Entry[]): Promise<Erasures> => {
    const items = entries.filter(hasItem).map(newItem)
    const begun = performance.now()
    const [found] = await Promise.all([
      erasures.of(entries),
      items.length > 0 ? store.inbox.put(items) : undefined,
    ])
    return performance.now() - begun < ERASURE_SETTLE_MS / 2 ? found : erasures.of(entries)
  }

  const count = (entries: readonly Entry[]) => {
    const counts = new Map<string, number>()
    for (const { content } of entries.filter(hasItem))
      counts.set(content.priority, (counts.get(content.priority) ?? 0) + 1)
    for (const [priority, items] of counts) metrics.stored.inc({ priority }, items)
  }

  return async (entries: readonly Entry[]): Promise<Stored> => {
    const found = await put(entries)
    const [kept, gone]: [Entry[], Entry[]] = [[], []]
    for (const entry of entries) (isErased(found, entry) ? gone : kept).push(entry)
    if (gone.length > 0) await erasures.undo(gone)
    count(kept)
    const erased = new Map<Ready, string[]>()
    for (const { user, ready } of gone) erased.set(ready, [...(erased.get(ready) ?? []), user])
    return { kept, erased }
  }
}

export type StoreItems = ReturnType<typeof createStoreItems>
