import { endsPush, type PushUpdates } from '@carillon/core/delivery/push-updates'
import { grouped } from '@carillon/core/group-by'
import type { FoundItem } from '@carillon/core/items/found'
import { verbsOf } from '@carillon/core/items/verbs'
import type { Store } from '@carillon/core/store/port'
import type { ChangedItem } from '@carillon/core/store/ports/inbox'
import type { Stream } from '@carillon/core/stream/port'
import { changeOf, type ItemMarks } from '@carillon/schemas'
import { type Announce, isInStream, type UserMessages } from './announce.ts'
import { inSlices } from './in-slices.ts'
import { eventsOfUsers } from './lifecycle.ts'

export type MarkPorts = {
  store: Pick<Store, 'inbox'>
  stream: Pick<Stream, 'publish'>
  announce: Announce
  pushUpdates: PushUpdates
}

/** The changed items of one user. */
type Touched = { user: string; changed: ChangedItem[] }

const isChanged = ({ change }: ChangedItem) => Object.keys(change).length > 0

const changedMessages = (tenant: string, user: string, changed: readonly ChangedItem[]): UserMessages => ({
  ...{ tenant, user },
  contexts: [...new Set(changed.map(({ item }) => item.context ?? ''))],
  eventsFor: (counts, context) => {
    const seen = changed.filter(({ item }) => isInStream(item, context))
    return [...grouped(seen, ({ change }) => JSON.stringify(change)).values()].map((some) => ({
      event: 'inbox.changed' as const,
      payload: { ids: some.map(({ item }) => item.id), patch: some[0]!.change, counts },
    }))
  },
})

/** Returns a function that sets the state of items, as their users could. Repeatable. */
export const createMark = ({ store, stream, announce, pushUpdates }: MarkPorts) => {
  /** Publishes live messages, lifecycle events and push updates about changed items. */
  const publish = async (tenant: string, touched: readonly Touched[], marks: ItemMarks): Promise<void> => {
    await announce(touched.map(({ user, changed }) => changedMessages(tenant, user, changed)))
    const events = verbsOf(marks).flatMap(({ kind, cell }) =>
      eventsOfUsers(
        tenant,
        kind,
        touched.flatMap(({ user, changed }) =>
          changed.filter(({ change }) => cell in change).map(({ item }) => ({ user, item })),
        ),
      ),
    )
    if (events.length > 0) await stream.publish(events)
    await pushUpdates(
      tenant,
      touched.map(({ user, changed }) => ({
        user,
        items: changed.flatMap(({ item, change }) => (endsPush(change) ? [item.id] : [])),
      })),
    )
  }

  return async (tenant: string, found: readonly FoundItem[], marks: ItemMarks): Promise<void> => {
    const now = Date.now()
    const touched: Touched[] = []
    const change = async ([user, items]: [string, FoundItem[]]) => {
      const ids = items.map(({ item }) => item.id)
      const changes = await store.inbox.change({ tenant, user }, ids, (item) => changeOf(item, marks, now))
      const changed = changes.filter(isChanged)
      if (changed.length > 0) touched.push({ user, changed })
    }
    try {
      await inSlices([...grouped(found, ({ user }) => user)], change)
    } finally {
      // A retry would not find these changes.
      await publish(tenant, touched, marks)
    }
  }
}
