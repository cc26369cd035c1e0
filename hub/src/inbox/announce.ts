import { slices } from '@carillon/core/group-by'
import { type ItemsEvent, lifecycleEvents, lifecycleMessage } from '@carillon/core/items/lifecycle-events'
import type { Live, LiveEvent, LiveMessage } from '@carillon/core/live/port'
import { deliverToStreams, type EventsFor } from '@carillon/core/live/streams'
import type { AllVerb, BulkFilter, Owner } from '@carillon/core/store/ports/inbox'
import type { VariantFigures } from '@carillon/core/store/ports/variant-figures'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Counts, InboxItem, StateChange } from '@carillon/schemas'
import { createCountVariants } from './variant-marks.ts'
import type { Viewer } from './viewer.ts'

/** Maximum items in a live message, which stays far below the size limit of Redis. */
const IDS_MAX = 500

/** Items with the same change. */
export type Group = { items: InboxItem[]; change: StateChange }

/** An action on all active items that match a filter, such as read-all, and when it happened. */
export type Sweep = { verb: AllVerb; filter: BulkFilter; at: string }

/** Returns the change of a sweep to each item. */
const patchOf = ({ verb, at }: Sweep): StateChange =>
  ({ read: { readAt: at, seenAt: at }, seen: { seenAt: at }, archived: { archivedAt: at } })[verb]

/** A verb on items, for a lifecycle event. */
export type Happening = ItemsEvent<InboxItem>

const contextOf = ({ context = '' }: InboxItem): string => context

/** Reports whether the counts of a viewer are those of a stream: of a context, or of the whole inbox. */
const isStreamOf = ({ contexts }: Viewer, context: string | undefined): boolean =>
  context === undefined ? contexts === undefined : contexts?.length === 1 && contexts[0] === context

/** Returns the events about items that changed, for the stream of a context or of the whole inbox. */
const changedEvents =
  (groups: readonly Group[]): EventsFor =>
  (counts, context) =>
    groups.flatMap(({ items, change: patch }) =>
      slices(
        items.filter((item) => context === undefined || contextOf(item) === context),
        IDS_MAX,
      ).map(
        (some): LiveEvent => ({
          event: 'inbox.changed',
          payload: { ids: some.map(({ id }) => id), patch, counts },
        }),
      ),
    )

/**
 * Sends live messages and lifecycle events about changes that are stored. Both are best effort: failures are counted and
 * logged. A client that missed a message finds a gap in the sequence numbers and fetches the inbox. `counts` are those of the
 * viewer; those of other streams are read if a client is connected to them.
 */
export const createAnnouncer = ({
  live,
  variantFigures,
  stream,
  log,
  metrics,
  countsOf,
}: {
  live: Pick<Live, 'deliver'>
  variantFigures: Pick<VariantFigures, 'mark'>
  stream: Stream
  log: Log
  metrics: Metrics
  countsOf: (viewer: Viewer) => Promise<Counts>
}) => {
  const countVariants = createCountVariants({ variantFigures, log })
  const attempt = async (tenant: string, send: () => Promise<readonly boolean[]>) => {
    try {
      for (const reached of await send()) metrics.live.inc({ outcome: reached ? 'connected' : 'away' })
    } catch (err) {
      metrics.live.inc({ outcome: 'lost' })
      log.warn({ err, tenant }, 'a live message was not sent; clients fetch at the next gap')
    }
  }

  const deliver = ({ tenant }: Owner, messages: LiveMessage[]) =>
    attempt(tenant, async () => (await live.deliver(messages)).map(({ whole, other }) => whole || other))

  const tell = (
    { tenant, user, contexts }: Viewer,
    about: readonly string[],
    counts: Counts,
    eventsFor: EventsFor,
  ) =>
    attempt(tenant, async () => {
      const told = await deliverToStreams(live, { tenant, user }, [...new Set(about)], {
        countsOf: async (context) =>
          isStreamOf({ tenant, user, contexts }, context)
            ? counts
            : countsOf({ tenant, user, ...(context === undefined ? {} : { contexts: [context] }) }),
        eventsFor,
      })
      return told.flatMap(({ message: { to }, reached: { whole, other } }) =>
        to === 'whole' ? whole : to === 'context' ? other : [],
      )
    })

  const publish = async (messages: OutgoingMessage[]) => {
    if (messages.length === 0) return
    try {
      await stream.publish(messages)
    } catch (err) {
      log.warn({ err, messages: messages.length }, 'lifecycle events were not published')
    }
  }

  const happened = async (all: readonly (readonly [Owner, Happening])[]) => {
    await Promise.all([
      publish(all.flatMap(([owner, happening]) => lifecycleEvents(owner, happening))),
      countVariants(all),
    ])
  }

  return {
    changed: (viewer: Viewer, groups: readonly Group[], counts: Counts) =>
      groups.length === 0
        ? Promise.resolve()
        : tell(
            viewer,
            groups.flatMap(({ items }) => items.map(contextOf)),
            counts,
            changedEvents(groups),
          ),

    /**
     * Announces a sweep without ids, because they are not read. If it is not limited to one context, limited connections are
     * told to fetch, because it is unknown which contexts have streams.
     */
    changedAll: (viewer: Viewer, sweep: Sweep, counts: Counts) => {
      const { tenant, user } = viewer
      const { verb: kind, filter, at } = sweep
      const eventFor = (counts: Counts): LiveEvent => ({
        event: 'inbox.changed',
        payload: { all: true, ...filter, patch: patchOf(sweep), counts },
      })
      const told =
        filter.context === undefined
          ? deliver(viewer, [
              { tenant, user, to: 'whole', ...eventFor(counts) },
              { tenant, user, to: 'limited', event: 'inbox.resync', payload: undefined },
            ])
          : tell(viewer, [filter.context], counts, (counts) => [eventFor(counts)])
      return Promise.all([
        told,
        publish([lifecycleMessage({ kind, tenant, user, items: [], all: filter, at })]),
      ])
    },

    /** Announces removed items of one context. */
    removed: (viewer: Viewer, items: readonly InboxItem[], counts: Counts) =>
      tell(viewer, items.slice(0, 1).map(contextOf), counts, (counts) =>
        slices(items, IDS_MAX).map((some) => ({
          event: 'inbox.removed',
          payload: { ids: some.map(({ id }) => id), counts },
        })),
      ),

    /** Announces counts that were completed in the background. A viewer of several contexts is told to fetch. */
    recounted: (viewer: Viewer, counts: Counts) => {
      const { tenant, user, contexts } = viewer
      const changed: LiveEvent = { event: 'inbox.changed', payload: { ids: [], patch: {}, counts } }
      const [context, ...others] = contexts ?? []
      if (context === undefined) return deliver(viewer, [{ tenant, user, to: 'whole', ...changed }])
      return deliver(viewer, [
        others.length === 0
          ? { tenant, user, to: 'context', context, ...changed }
          : { tenant, user, to: 'limited', event: 'inbox.resync', payload: undefined },
      ])
    },

    /** Publishes the lifecycle events of verbs. */
    happened: (owner: Owner, happenings: readonly Happening[]) =>
      happened(happenings.map((each) => [owner, each] as const)),

    /** Publishes receipts of many users at once. */
    receivedBy: (receipts: readonly { owner: Owner; items: InboxItem[] }[]) =>
      happened(receipts.map(({ owner, items }) => [owner, { kind: 'received', items }] as const)),
  }
}

export type Announcer = ReturnType<typeof createAnnouncer>
