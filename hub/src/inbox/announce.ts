import type { Live, LiveMessage } from '@carillon/core/live/port'
import type { AllVerb, Owner } from '@carillon/core/store/ports/inbox'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import {
  type Counts,
  eventSubject,
  type InboxItem,
  type ItemFilter,
  type LifecycleEvent,
  type LifecycleKind,
  type StateChange,
} from '@carillon/schemas'

/** Maximum items in a live message or lifecycle event. Both stay far below the size limits of Redis and NATS. */
const IDS_MAX = 500

/** Items with the same change. */
export type Group = { items: InboxItem[]; change: StateChange }

/** An action on all active items that match a filter, such as read-all, and when it happened. */
export type Sweep = { verb: AllVerb; filter: ItemFilter; at: string }

/** Returns what a sweep changes in each item. */
const patchOf = ({ verb, at }: Sweep): StateChange =>
  ({ read: { readAt: at, seenAt: at }, seen: { seenAt: at }, archived: { archivedAt: at } })[verb]

/** A verb on items, for a lifecycle event. */
export type Happening = { kind: LifecycleKind; items: readonly InboxItem[]; action?: string }

const chunks = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(list.length / IDS_MAX) }, (_, index) =>
    list.slice(index * IDS_MAX, (index + 1) * IDS_MAX),
  )

const eventMessage = (event: LifecycleEvent): OutgoingMessage => ({
  subject: eventSubject(event.tenant, event.kind),
  data: Buffer.from(JSON.stringify(event)),
})

/**
 * Sends live messages and lifecycle events about changes that are stored. Both are best effort: failures are counted and
 * logged. A client that missed a message finds a gap in the sequence numbers and fetches the inbox.
 */
export const createAnnouncer = ({
  live,
  stream,
  log,
  metrics,
}: {
  live: Live
  stream: Stream
  log: Log
  metrics: Metrics
}) => {
  const deliver = async (messages: LiveMessage[]) => {
    if (messages.length === 0) return
    try {
      for (const reached of await live.deliver(messages))
        metrics.live.inc({ outcome: reached ? 'connected' : 'away' })
    } catch (err) {
      metrics.live.inc({ outcome: 'lost' }, messages.length)
      log.warn(
        { err, tenant: messages[0]?.tenant },
        'a live message was not sent; clients fetch at the next gap',
      )
    }
  }

  const publish = async (messages: OutgoingMessage[]) => {
    if (messages.length === 0) return
    try {
      await stream.publish(messages)
    } catch (err) {
      log.warn({ err, messages: messages.length }, 'lifecycle events were not published')
    }
  }

  const eventsOf = ({ tenant, user }: Owner, { kind, items, action }: Happening): OutgoingMessage[] =>
    chunks(items).map((some) =>
      eventMessage({
        kind,
        tenant,
        user,
        items: some.map(({ id, notification, context }) => ({
          ...{ id, notification },
          ...(context === undefined ? {} : { context }),
        })),
        ...(action === undefined ? {} : { action }),
        at: new Date().toISOString(),
      }),
    )

  return {
    changed: ({ tenant, user }: Owner, groups: readonly Group[], counts: Counts) =>
      deliver(
        groups.flatMap(({ items, change: patch }) =>
          (items.length === 0 ? [items] : chunks(items)).map((some) => ({
            tenant,
            user,
            event: 'inbox.changed' as const,
            payload: { ids: some.map(({ id }) => id), patch, counts },
          })),
        ),
      ),

    /** Announces a sweep without ids, because they are not read. */
    changedAll: ({ tenant, user }: Owner, sweep: Sweep, counts: Counts) => {
      const { verb: kind, filter, at } = sweep
      const payload = { all: true as const, ...filter, patch: patchOf(sweep), counts }
      return Promise.all([
        deliver([{ tenant, user, event: 'inbox.changed', payload }]),
        publish([eventMessage({ kind, tenant, user, items: [], all: filter, at })]),
      ])
    },

    removed: ({ tenant, user }: Owner, { id }: InboxItem, counts: Counts) =>
      deliver([{ tenant, user, event: 'inbox.removed', payload: { ids: [id], counts } }]),

    /** Publishes one event per verb and IDS_MAX items. */
    happened: (owner: Owner, happenings: readonly Happening[]) =>
      publish(happenings.flatMap((each) => eventsOf(owner, each))),

    /** Publishes receipts of many users at once. */
    receivedBy: (receipts: readonly { owner: Owner; items: InboxItem[] }[]) =>
      publish(receipts.flatMap(({ owner, items }) => eventsOf(owner, { kind: 'received', items }))),
  }
}

export type Announcer = ReturnType<typeof createAnnouncer>
