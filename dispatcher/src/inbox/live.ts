import { UnavailableError } from '@carillon/core/errors'
import type { Live, LiveMessage } from '@carillon/core/live/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { InboxContent } from '@carillon/schemas'
import { createdAt, type Entry, freshItem, hasItem } from './item.ts'

/** Returns the messages of entries. Entries with the same content share a payload. */
const messagesOf = (entries: readonly Entry[], arrivedAt: string): LiveMessage[] => {
  const payloads = new Map<InboxContent, ReturnType<typeof payloadOf>>()
  return entries.map(({ ready: { tenant }, user, id, content }) => {
    const payload = payloads.get(content) ?? payloadOf(content, arrivedAt)
    payloads.set(content, payload)
    return { tenant, user, event: 'inbox.added', id, payload, to: 'item', context: content.context ?? '' }
  })
}

const payloadOf = (content: InboxContent, arrivedAt: string) => ({
  item: freshItem(content, arrivedAt),
  ...(content.silent ? { silent: true as const } : {}),
})

const NOBODY: ReadonlySet<Entry> = new Set()

/**
 * Sends stored items to the apps of their users. Resolves with the entries whose user had an active connection. Idle
 * connections get the items, too. If the live bus is unavailable, the messages are counted as lost, and clients fetch the items on
 * their next sync.
 */
export const createHandOver =
  ({ live, log, metrics }: { live: Pick<Live, 'deliver'>; log: Log; metrics: Metrics }) =>
  async (stored: readonly Entry[]): Promise<ReadonlySet<Entry>> => {
    const entries = stored.filter(hasItem)
    if (entries.length === 0) return NOBODY
    let active = NOBODY
    try {
      const arrivedAt = new Date().toISOString()
      const answers = await live.deliver(messagesOf(entries, arrivedAt))
      active = new Set(entries.filter((_, index) => answers[index]?.active))
      const connected = answers.filter(({ whole, other }) => whole || other).length
      metrics.live.inc({ outcome: 'connected' }, connected)
      metrics.live.inc({ outcome: 'away' }, entries.length - connected)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      metrics.live.inc({ outcome: 'lost' }, entries.length)
      log.warn({ err: error, items: entries.length }, 'live messages lost; clients will fetch again')
    }
    const now = Date.now()
    for (const entry of entries) {
      const { priority } = entry.ready.notification
      metrics.latency.observe({ priority }, (now - createdAt(entry)) / 1_000)
    }
    return active
  }

export type HandOver = ReturnType<typeof createHandOver>
