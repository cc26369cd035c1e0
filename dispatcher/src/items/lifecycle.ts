import { grouped } from '@carillon/core/group-by'
import { type ItemsEvent, lifecycleEvents } from '@carillon/core/items/lifecycle-events'
import type { OutgoingMessage } from '@carillon/core/stream/port'

/** Returns the lifecycle events about items that a backend changed. */
export const eventsOfUsers = (
  tenant: string,
  kind: ItemsEvent['kind'],
  found: readonly { user: string; item: ItemsEvent['items'][number] }[],
): OutgoingMessage[] =>
  [...grouped(found, ({ user }) => user)].flatMap(([user, some]) =>
    lifecycleEvents({ tenant, user }, { kind, items: some.map(({ item }) => item) }),
  )
