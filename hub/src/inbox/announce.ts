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

/** Items one live message or lifecycle event may name: both stay far below what their carriers take. */
const IDS_MAX = 500

/** Items that change in the same way, and how. */
export type Group = { items: InboxItem[]; change: StateChange }

/** A verb that changed all active items with these labels, and when. */
export type Sweep = { verb: AllVerb; filter: ItemFilter; at: string }

/** What a sweep changes in each item. */
const patchOf = ({ verb, at }: Sweep): StateChange =>
  ({ read: { readAt: at, seenAt: at }, seen: { seenAt: at }, archived: { archivedAt: at } })[verb]

/** Something people did, for the event log. */
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
 * Tells the user's other tabs, and whoever listens to the event log, what has been stored already. Both are best
 * effort: a tab that missed it finds a gap and fetches; a failure is counted and logged, and stops nothing.
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
      log.warn({ err, tenant: messages[0]?.tenant }, 'open tabs were not told of a change')
    }
  }

  const publish = async (messages: OutgoingMessage[]) => {
    if (messages.length === 0) return
    try {
      await stream.publish(messages)
    } catch (err) {
      log.warn({ err, messages: messages.length }, 'what people did was not published')
    }
  }

  const eventsOf = ({ tenant, user }: Owner, { kind, items, action }: Happening): OutgoingMessage[] =>
    chunks(items).map((some) =>
      eventMessage({
        kind,
        tenant,
        user,
        items: some.map(({ id, notification }) => ({ id, notification })),
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

    /** Of a sweep only what it did is known, not to which items. */
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

    /** One event for each kind and IDS_MAX items. */
    happened: (owner: Owner, happenings: readonly Happening[]) =>
      publish(happenings.flatMap((each) => eventsOf(owner, each))),

    /** The same for many users at a time. */
    receivedBy: (receipts: readonly { owner: Owner; items: InboxItem[] }[]) =>
      publish(receipts.flatMap(({ owner, items }) => eventsOf(owner, { kind: 'received', items }))),
  }
}

export type Announcer = ReturnType<typeof createAnnouncer>
