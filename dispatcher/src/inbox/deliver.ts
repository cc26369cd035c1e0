import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { CHUNK } from '../plan/fan-out.ts'
import type { Portion } from '../plan/recipients.ts'
import { createBegin } from '../sending/begin.ts'
import type { Ready } from '../work.ts'
import { createStoreItems } from './erasure.ts'
import { type Entry, entriesOf, hasItem } from './item.ts'
import { createHandOver } from './live.ts'

export type DeliverPorts = {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  live: Live
  log: Log
  metrics: Metrics
}

const byPriority = (entries: readonly Entry[]) => {
  const counts = new Map<string, number>()
  for (const { content } of entries) counts.set(content.priority, (counts.get(content.priority) ?? 0) + 1)
  return counts
}

/** Splits portions into lists of at most CHUNK entries. Entries are made as they are needed. */
function* chunksOf(portions: readonly Portion[]): Generator<Entry[]> {
  let chunk: Entry[] = []
  for (const portion of portions) {
    const entryOf = entriesOf(portion)
    for (const recipient of portion.recipients) {
      chunk.push(entryOf(recipient))
      if (chunk.length < CHUNK) continue
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/**
 * Delivers what was planned: stores the items, hands them over live, then puts the first steps of the plans into the log.
 * Resolves when all of that is durable, with the erased users by notification. Repeatable.
 */
export const createDeliver = ({ store, stream, live, log, metrics }: DeliverPorts) => {
  const storeItems = createStoreItems({ store, stream, metrics })
  const handOver = createHandOver({ live, log, metrics })
  const begin = createBegin({ live, stream })

  return async (portions: readonly Portion[]): Promise<Map<Ready, string[]>> => {
    const erased = new Map<Ready, string[]>()
    for (const entries of chunksOf(portions)) {
      const stored = await storeItems(entries)
      for (const [ready, users] of stored.erased) erased.set(ready, [...(erased.get(ready) ?? []), ...users])
      const items = stored.kept.filter(hasItem)
      for (const [priority, count] of byPriority(items)) metrics.stored.inc({ priority }, count)
      await begin(stored.kept, await handOver(items))
    }
    return erased
  }
}

export type Deliver = ReturnType<typeof createDeliver>
