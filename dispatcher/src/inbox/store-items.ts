import type { Store } from '@carillon/core/store/port'
import { ERASURE_SETTLE_MS } from '@carillon/core/store/rules/erasure'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Ready } from '../intake/ready.ts'
import { createErasures, type Erasures, isErased } from './erasure.ts'
import { type Entry, hasItem, newItem } from './item.ts'
import { isEvolving, type Replaced } from './replaced.ts'

export type StoreItemsPorts = {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'decisions' | 'skipped' | 'stored'>
}

/**
 * The entries whose users get their items and steps, those that replaced earlier items, and the erased users of each
 * notification.
 */
export type Stored = { kept: Entry[]; replaced: Replaced[]; erased: Map<Ready, string[]> }

/**
 * Stores the items of entries, except those of erased users. Erasures are looked up while the items are stored, with one
 * query per tenant. An erasure is on record ERASURE_SETTLE_MS before it removes anything, so it removes every item that was
 * stored without seeing it. Only if storing took long are erasures looked up again. Items of erased users are then removed.
 * Repeatable.
 */
export const createStoreItems = ({ store, stream, metrics }: StoreItemsPorts) => {
  const erasures = createErasures({ store, stream, metrics })

  /** Replaces the newest items of the entities. Resolves with the entries that were not added. */
  const evolve = async (entries: readonly Entry[]): Promise<Replaced[]> => {
    if (entries.length === 0) return []
    const results = await store.inbox.evolve(entries.map(newItem))
    return entries.flatMap((entry, index) => {
      const result = results[index]!
      if (result.outcome === 'added') return []
      const { outcome } = result
      return [{ entry, outcome, ...(outcome === 'replaced' ? { item: result.item } : {}) }]
    })
  }

  const put = async (
    entries: readonly Entry[],
  ): Promise<{
    erasures: Erasures
    replaced: ReadonlyMap<Entry, Replaced>
    recalled: ReadonlySet<string>
  }> => {
    const evolving = entries.filter(isEvolving)
    const plain = evolving.length === 0 ? entries : entries.filter((entry) => !isEvolving(entry))
    const items = plain.filter(hasItem).map(newItem)
    const begun = performance.now()
    const [known, all, removed = []] = await Promise.all([
      erasures.of(entries),
      evolve(evolving),
      items.length > 0 ? store.inbox.put(items) : undefined,
    ])
    const found = performance.now() - begun < ERASURE_SETTLE_MS / 2 ? known : await erasures.of(entries)
    return {
      erasures: found,
      replaced: new Map(all.map((each) => [each.entry, each])),
      recalled: new Set(removed.map(({ id }) => id)),
    }
  }

  const count = (entries: readonly Entry[]) => {
    const counts = new Map<string, number>()
    for (const { content } of entries.filter(hasItem))
      counts.set(content.priority, (counts.get(content.priority) ?? 0) + 1)
    for (const [priority, items] of counts) metrics.stored.inc({ priority }, items)
  }

  return async (entries: readonly Entry[]): Promise<Stored> => {
    const { erasures: found, replaced: evolved, recalled } = await put(entries)
    const [kept, gone, replaced]: [Entry[], Entry[], Replaced[]] = [[], [], []]
    for (const entry of entries) {
      const replacing = evolved.get(entry)
      if (isErased(found, entry)) gone.push({ ...entry, id: replacing?.item?.id ?? entry.id })
      else if (replacing) replaced.push(replacing)
      else if (!recalled.has(entry.id)) kept.push(entry)
    }
    if (gone.length > 0) await erasures.undo(gone)
    count(kept)
    const erased = new Map<Ready, string[]>()
    for (const { user, ready } of gone) erased.set(ready, [...(erased.get(ready) ?? []), user])
    return { kept, replaced, erased }
  }
}

export type StoreItems = ReturnType<typeof createStoreItems>
