import { uuid7Time } from '@carillon/core/notification/ids'
import type { Inbox } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import { type InboxItem, sees } from '@carillon/schemas'
import type { Announcer } from './announce.ts'
import type { Viewer } from './viewer.ts'

/** Maximum waiting ids. Further receipts are dropped; only the time of receipt is lost. */
const WAITING_MAX = 50_000
/** Number of users whose receipts are written concurrently. */
const CONCURRENCY = 32

/**
 * Records when items reached an app of their user. Receipts come in bursts, one per item and tab. They are therefore grouped
 * by user and contexts of the token, and written in the background, CONCURRENCY groups at a time. The first receipt of an
 * item counts. Best effort: failures are logged.
 */
export const createReceipts = ({ inbox, announce, log }: { inbox: Inbox; announce: Announcer; log: Log }) => {
  const waiting = new Map<string, { owner: Viewer; ids: Set<string> }>()
  let size = 0
  let dropped = 0
  let pumping: Promise<void> | undefined

  const mark = async (owner: Viewer, ids: string[]): Promise<InboxItem[]> => {
    try {
      const receivedAt = new Date().toISOString()
      const changed = await inbox.change(owner, ids, (item) =>
        item.receivedAt === null && sees(owner.contexts, item) ? { receivedAt } : {},
      )
      return changed.flatMap(({ item, change }) => (change.receivedAt ? [item] : []))
    } catch (err) {
      log.warn({ err, tenant: owner.tenant, items: ids.length }, 'receipts were not written')
      return []
    }
  }

  const next = () => {
    const batch = [...waiting].slice(0, CONCURRENCY)
    for (const [key, { ids }] of batch) {
      waiting.delete(key)
      size -= ids.size
    }
    return batch.map(([, entry]) => entry)
  }

  const pump = async () => {
    for (let batch = next(); batch.length > 0; batch = next()) {
      await announce.receivedBy(
        await Promise.all(
          batch.map(async ({ owner, ids }) => ({ owner, items: await mark(owner, [...ids]) })),
        ),
      )
      if (dropped > 0)
        log.warn({ dropped }, 'receipts were dropped: they came faster than they could be written')
      dropped = 0
    }
  }

  const start = () => {
    pumping ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(pump)
      .catch((err) => log.error({ err }, 'receipts were not published'))
      .finally(() => {
        pumping = undefined
        if (waiting.size > 0) start()
      })
  }

  return {
    /** Ids of contexts that the token excludes are ignored. */
    add: ({ tenant, user, contexts }: Viewer, ids: readonly string[]): void => {
      const key = JSON.stringify([tenant, user, contexts])
      const entry = waiting.get(key) ?? { owner: { tenant, user, contexts }, ids: new Set() }
      for (const id of ids) {
        if (uuid7Time(id) === undefined || entry.ids.has(id)) continue
        if (size >= WAITING_MAX) {
          dropped++
          continue
        }
        entry.ids.add(id)
        size++
      }
      if (entry.ids.size > 0) waiting.set(key, entry)
      // Deferred, so that receipts of the same turn of the event loop are written together.
      start()
    },
    settled: async (): Promise<void> => {
      while (pumping) await pumping
    },
  }
}
