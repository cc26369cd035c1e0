import { UnavailableError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { NewItem } from '@carillon/core/store/ports/inbox'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { askPresence, firstMessages } from '../sending/begin.ts'
import type { Ready } from '../work.ts'
import { createStoreItems, type Entry } from './erasure.ts'
import { freshItem, itemsFor } from './item.ts'

/** The most items written and handed over at once: the bound on what a batch holds in memory. */
export const PAGE = 500

export type DeliverPorts = {
  store: Pick<Store, 'inbox' | 'notifications' | 'users' | 'deliveries'>
  stream: Pick<Stream, 'publish'>
  live: Live
  log: Log
  metrics: Metrics
}

/** Users that a record names; those of an audience are found through the audience. */
export const USERS_KEPT = 100

/** One notification, and some of those it is for. */
export type Portion = { ready: Ready; users: readonly string[] }

const byPriority = (items: readonly NewItem[]) => {
  const counts = new Map<string, number>()
  for (const { content } of items) counts.set(content.priority, (counts.get(content.priority) ?? 0) + 1)
  return counts
}

/** Cuts portions into lists of at most PAGE items, making items only as they are needed. */
function* pages(portions: readonly Portion[]): Generator<Entry[]> {
  let page: Entry[] = []
  for (const { ready, users } of portions)
    for (let from = 0; from < users.length; ) {
      const part = users.slice(from, from + PAGE - page.length)
      page = page.concat(itemsFor(ready, part).map((item) => ({ item, ready })))
      from += part.length
      if (page.length === PAGE) {
        yield page
        page = []
      }
    }
  if (page.length > 0) yield page
}

/**
 * Stores, hands over live, and begins what follows. When it resolves, every item, record and first step is durable; a live message that the bus
 * could not take is counted and left to the client's resync, for the inbox is the truth. Repeating it is harmless.
 */
export const createDeliver = ({ store, stream, live, log, metrics }: DeliverPorts) => {
  const storeItems = createStoreItems({ store, stream, metrics })
  /** Says of each item whether a hub held its user. */
  const handOver = async (items: readonly NewItem[]): Promise<boolean[]> => {
    const messages = items.map(({ tenant, user, content }) => ({
      tenant,
      user,
      event: 'inbox.added' as const,
      payload: { item: freshItem(content) },
    }))
    let held: boolean[] = items.map(() => false)
    try {
      held = await live.deliver(messages)
      const connected = held.filter(Boolean).length
      metrics.live.inc({ outcome: 'connected' }, connected)
      metrics.live.inc({ outcome: 'away' }, items.length - connected)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      metrics.live.inc({ outcome: 'lost' }, items.length)
      log.warn({ err: error, items: items.length }, 'live messages lost; clients will fetch again')
    }
    const now = Date.now()
    for (const { content } of items)
      metrics.latency.observe({ priority: content.priority }, (now - Date.parse(content.createdAt)) / 1_000)
    return held
  }

  /** Puts what follows the inbox into the log, for those that have a plan. */
  const begin = async (entries: readonly Entry[], held: readonly boolean[]) => {
    const stored = entries.flatMap(({ item, ready: { plan, toAudience, notification } }, index) =>
      plan.length > 0
        ? [{ item, plan, sender: notification.sender, toAudience, connected: held[index] ?? false }]
        : [],
    )
    if (stored.length === 0) return
    const presence = await askPresence(live, stored)
    await stream.publish(firstMessages(stored, presence, Date.now()))
  }

  /** Resolves to the users who are erased and were skipped, by notification. */
  const storeThenHandOver = async (portions: readonly Portion[]): Promise<Map<Ready, string[]>> => {
    const skipped = new Map<Ready, string[]>()
    for (const entries of pages(portions)) {
      const { kept, skipped: some } = await storeItems(entries)
      for (const [ready, users] of some) skipped.set(ready, [...(skipped.get(ready) ?? []), ...users])
      const items = kept.map(({ item }) => item)
      for (const [priority, count] of byPriority(items)) metrics.stored.inc({ priority }, count)
      await begin(kept, await handOver(items))
    }
    return skipped
  }

  return async (
    portions: readonly Portion[],
    records: readonly NotificationRecord[],
  ): Promise<Map<Ready, string[]>> => {
    const skipped = await storeThenHandOver(portions)
    // Last: a record says that its notification need not be handled again.
    if (records.length > 0) await store.notifications.put(correctedRecords(records, skipped))
    return skipped
  }
}

/** Records that leave out those who were skipped. */
const correctedRecords = (records: readonly NotificationRecord[], skipped: ReadonlyMap<Ready, string[]>) => {
  if (skipped.size === 0) return records
  const byRecord = new Map([...skipped].map(([{ tenant, id }, users]) => [`${tenant}\n${id}`, users]))
  return records.map((record): NotificationRecord => {
    const gone = byRecord.get(`${record.tenant}\n${record.id}`)
    if (!gone) return record
    const { users, absent = [] } = record
    return {
      ...record,
      direct: record.direct - gone.length,
      skipped: gone.length,
      ...(users ? { users: users.filter((user) => !gone.includes(user)) } : {}),
      absent: [...absent, ...gone].slice(0, USERS_KEPT),
    }
  })
}

export type Deliver = ReturnType<typeof createDeliver>
