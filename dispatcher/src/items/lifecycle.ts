import { grouped, slices } from '@carillon/core/group-by'
import type { FoundItem } from '@carillon/core/items/found'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { eventSubject, type InboxItem, type LifecycleEvent, type LifecycleKind } from '@carillon/schemas'

/** Maximum items in a lifecycle event, far below the size limit of NATS. */
const ITEMS_MAX = 500

/** The fields of an item in an event. */
type EventItem = Pick<InboxItem, 'id' | 'notification'> &
  Partial<Pick<InboxItem, 'context' | 'variant' | 'test'>>

/** Returns the lifecycle events about items that a backend changed, one for each user and ITEMS_MAX items. */
export const lifecycleEvents = (
  tenant: string,
  kind: LifecycleKind,
  items: readonly { user: string; item: EventItem | FoundItem['item'] }[],
): OutgoingMessage[] =>
  [...grouped(items, ({ user }) => user)].flatMap(([user, of]) =>
    slices(of, ITEMS_MAX).map((some) => {
      const event: LifecycleEvent = {
        ...{ kind, tenant, user },
        items: some.map(({ item: { id, notification, context, variant, test } }) => ({
          ...{ id, notification },
          ...(context === undefined ? {} : { context }),
          ...(variant === undefined ? {} : { variant }),
          ...(test ? { test } : {}),
        })),
        at: new Date().toISOString(),
      }
      return { subject: eventSubject(tenant, kind), data: Buffer.from(JSON.stringify(event)) }
    }),
  )
