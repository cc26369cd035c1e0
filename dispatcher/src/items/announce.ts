import { UnavailableError } from '@carillon/core/errors'
import { slices } from '@carillon/core/group-by'
import type { Live, LiveMessage } from '@carillon/core/live/port'
import { deliverToStreams, type EventsFor } from '@carillon/core/live/streams'
import type { Store } from '@carillon/core/store/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { InboxItem } from '@carillon/schemas'

/** Maximum users whose messages are sent concurrently. The counts of each are read. */
const AT_ONCE = 32

/** The live messages about items of one user. `contexts`: those of the items, '' for none. */
export type UserMessages = { tenant: string; user: string; contexts: readonly string[]; eventsFor: EventsFor }

export type AnnouncePorts = {
  store: Pick<Store, 'inbox'>
  live: Pick<Live, 'deliver'>
  log: Log
  metrics: Pick<Metrics, 'live'>
}

/** Reports whether an item belongs to the stream of a context; without a context, to that of the whole inbox. */
export const isInStream = (item: Pick<InboxItem, 'context'>, context: string | undefined): boolean =>
  context === undefined || (item.context ?? '') === context

/** Returns the live messages about items of one user that have new content. `ring`: apps announce them like new items. */
export const replacedMessages = (
  tenant: string,
  user: string,
  items: readonly InboxItem[],
  ring = false,
): UserMessages => ({
  ...{ tenant, user },
  contexts: [...new Set(items.map(({ context = '' }) => context))],
  eventsFor: (counts, context) =>
    items
      .filter((item) => isInStream(item, context))
      .map((item) => ({
        event: 'inbox.changed' as const,
        payload: {
          ...{ ids: [item.id], patch: {}, item },
          ...(ring && !item.silent ? { ring: true as const } : {}),
          counts,
        },
      })),
})

/** Returns messages to nobody, which ask whether the user has connections, active or idle. */
const questionsOf = ({ tenant, user, contexts }: UserMessages): LiveMessage[] =>
  [undefined, ...contexts].map((ask) => ({
    ...{ tenant, user, to: 'nobody', ask },
    ...{ event: 'inbox.resync', payload: undefined },
  }))

/**
 * Returns a function that sends live messages about stored items. Counts are read only for users with connections; the
 * others fetch the inbox when they connect. If the live bus is unavailable, the messages are counted as lost, and clients
 * fetch again.
 */
export const createAnnounce =
  ({ store, live, log, metrics }: AnnouncePorts) =>
  async (all: readonly UserMessages[]): Promise<void> => {
    if (all.length === 0) return
    const send = ({ tenant, user, contexts, eventsFor }: UserMessages) =>
      deliverToStreams(live, { tenant, user }, contexts, {
        countsOf: async (context) => (await store.inbox.counts({ tenant, user }, { context })).counts,
        eventsFor,
      })
    try {
      const questions = all.flatMap((one) => questionsOf(one).map((message) => ({ one, message })))
      const answers = await live.deliver(questions.map(({ message }) => message))
      const here = new Set(questions.flatMap(({ one }, index) => (answers[index]?.other ? [one] : [])))
      const connected = all.filter((one) => here.has(one))
      metrics.live.inc({ outcome: 'away' }, all.length - connected.length)
      for (const some of slices(connected, AT_ONCE)) await Promise.all(some.map(send))
      metrics.live.inc({ outcome: 'connected' }, connected.length)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      metrics.live.inc({ outcome: 'lost' }, all.length)
      log.warn({ err: error, users: all.length }, 'live messages lost; clients will fetch again')
    }
  }

export type Announce = ReturnType<typeof createAnnounce>
