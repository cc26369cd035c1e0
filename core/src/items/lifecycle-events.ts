import {
  type ClickSource,
  eventSubject,
  type InboxItem,
  type LifecycleEvent,
  type LifecycleKind,
} from '@carillon/schemas'
import { slices } from '../group-by.ts'
import type { Owner } from '../store/ports/inbox.ts'
import type { OutgoingMessage } from '../stream/port.ts'

/** Maximum items in a lifecycle event, far below the size limit of NATS. */
const ITEMS_MAX = 500

/** The fields of an item in an event. */
type EventItem = Pick<InboxItem, 'id' | 'notification'> &
  Partial<Pick<InboxItem, 'context' | 'variant' | 'test'>>

/** An event about any number of items of one user. */
export type ItemsEvent<Item extends EventItem = EventItem> = {
  kind: LifecycleKind
  items: readonly Item[]
  action?: string
  via?: ClickSource
}

/** Returns the message that publishes a lifecycle event. */
export const lifecycleMessage = (event: LifecycleEvent): OutgoingMessage => ({
  subject: eventSubject(event.tenant, event.kind),
  data: Buffer.from(JSON.stringify(event)),
})

/** Returns the messages that publish an event, one for every ITEMS_MAX items. */
export const lifecycleEvents = (
  { tenant, user }: Owner,
  { kind, items, action, via }: ItemsEvent,
): OutgoingMessage[] =>
  slices(items, ITEMS_MAX).map((some) =>
    lifecycleMessage({
      ...{ kind, tenant, user },
      items: some.map(({ id, notification, context, variant, test }) => ({
        ...{ id, notification },
        ...(context === undefined ? {} : { context }),
        ...(variant === undefined ? {} : { variant }),
        ...(test ? { test } : {}),
      })),
      ...(action === undefined ? {} : { action }),
      ...(via === undefined ? {} : { via }),
      at: new Date().toISOString(),
    }),
  )
