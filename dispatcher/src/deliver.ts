import { UnavailableError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import type { NewItem, NotificationRecord, Store } from '@carillon/core/store/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { freshItem, itemsFor, type Ready } from './item.ts'

/** The most items written and handed over at once: the bound on what a batch holds in memory. */
export const PAGE = 500

export type DeliverPorts = {
  store: Pick<Store, 'inbox' | 'notifications'>
  live: Live
  log: Log
  metrics: Metrics
}

export type Delivery = { ready: Ready; users: readonly string[] }

const byPriority = (items: readonly NewItem[]) => {
  const counts = new Map<string, number>()
  for (const { content } of items) counts.set(content.priority, (counts.get(content.priority) ?? 0) + 1)
  return counts
}

/** Cuts deliveries into lists of at most PAGE items, making items only as they are needed. */
function* pages(deliveries: readonly Delivery[]): Generator<NewItem[]> {
  let page: NewItem[] = []
  for (const { ready, users } of deliveries)
    for (let from = 0; from < users.length; ) {
      const part = users.slice(from, from + PAGE - page.length)
      page = page.concat(itemsFor(ready, part))
      from += part.length
      if (page.length === PAGE) {
        yield page
        page = []
      }
    }
  if (page.length > 0) yield page
}

/**
 * Stores, then hands over live. When it resolves, every item and record is durable; a live message that the bus
 * could not take is counted and left to the client's resync, for the inbox is the truth. Repeating it is harmless.
 */
export const createDeliver = ({ store, live, log, metrics }: DeliverPorts) => {
  const handOver = async (items: readonly NewItem[]) => {
    const messages = items.map(({ tenant, user, content }) => ({
      tenant,
      user,
      event: 'inbox.added' as const,
      payload: { item: freshItem(content) },
    }))
    try {
      const connected = (await live.deliver(messages)).filter(Boolean).length
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
  }

  const storeThenHandOver = async (deliveries: readonly Delivery[]) => {
    for (const items of pages(deliveries)) {
      await store.inbox.put(items)
      for (const [priority, count] of byPriority(items)) metrics.stored.inc({ priority }, count)
      await handOver(items)
    }
  }

  return async (deliveries: readonly Delivery[], records: readonly NotificationRecord[]): Promise<void> => {
    await Promise.all([
      records.length > 0 ? store.notifications.put(records) : undefined,
      storeThenHandOver(deliveries),
    ])
  }
}

export type Deliver = ReturnType<typeof createDeliver>
