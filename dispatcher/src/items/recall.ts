import type { PushUpdates } from '@carillon/core/delivery/push-updates'
import { planKey } from '@carillon/core/delivery/step'
import { grouped, slices } from '@carillon/core/group-by'
import { createCandidates, type FoundItem } from '@carillon/core/items/found'
import { removeWaiting } from '@carillon/core/items/waiting-steps'
import type { Batch } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Announce, UserMessages } from './announce.ts'
import { inSlices } from './in-slices.ts'
import { eventsOfUsers } from './lifecycle.ts'

/** Maximum ids in one live message. */
const IDS_MAX = 500

export type RecallPorts = {
  store: Pick<Store, 'inbox' | 'notifications'>
  stream: Pick<Stream, 'publish' | 'cancel' | 'cancelGroup'>
  announce: Announce
  pushUpdates: PushUpdates
}

type Removed = { user: string; item: { id: string; notification: string; context?: string } }

const removedMessages = (tenant: string, user: string, removed: readonly Removed[]): UserMessages[] => {
  const contexts = grouped(removed, ({ item }) => item.context ?? '')
  return [...contexts].map(([context, some]) => ({
    ...{ tenant, user, contexts: [context] },
    eventsFor: (counts) =>
      slices(some, IDS_MAX).map((ids) => ({
        event: 'inbox.removed' as const,
        payload: { ids: ids.map(({ item }) => item.id), counts },
      })),
  }))
}

/** Creates the parts of a recall. Each is repeatable. */
export const createRecall = ({ store, stream, announce, pushUpdates }: RecallPorts) => {
  const candidates = createCandidates(store.inbox)

  /** Publishes live messages, lifecycle events and push updates about removed items. */
  const publish = async (tenant: string, removed: readonly Removed[]): Promise<void> => {
    if (removed.length === 0) return
    const users = grouped(removed, ({ user }) => user)
    await announce([...users].flatMap(([user, some]) => removedMessages(tenant, user, some)))
    await stream.publish(eventsOfUsers(tenant, 'recalled', removed))
    await pushUpdates(
      tenant,
      [...users].map(([user, some]) => ({ user, items: some.map(({ item }) => item.id) })),
    )
  }

  return {
    /**
     * Ends notifications: their pending steps are cancelled, and items that are stored later are removed again. Call it before
     * their recipients are read.
     */
    begin: async (tenant: string, some: readonly Pick<Batch, 'id' | 'record'>[]): Promise<void> => {
      const now = Date.now()
      await inSlices(some, async ({ id, record }) => {
        await store.notifications.cancel(tenant, id, now)
        await store.inbox.recalled(tenant, id)
        await removeWaiting(stream, tenant, id, record)
      })
    },

    /** Removes the items of notifications from the inboxes of some recipients. */
    batches: async (tenant: string, batches: readonly Batch[]): Promise<void> => {
      const removed: Removed[] = []
      try {
        await inSlices(batches, async (batch) => {
          const context = batch.context === '' ? {} : { context: batch.context }
          const named = await candidates(tenant, batch)
          for (const { user, id } of await store.inbox.recall(tenant, batch.id, named))
            removed.push({ user, item: { id, notification: batch.id, ...context } })
        })
      } finally {
        // A retry would not find these items.
        await publish(tenant, removed)
      }
    },

    /** Removes items. Steps that wait for them end when they are due, because the items no longer exist. */
    items: async (tenant: string, found: readonly FoundItem[]): Promise<void> => {
      const gone = new Set<string>()
      const notifications = [...grouped(found, ({ item }) => item.notification)]
      try {
        await inSlices(notifications, async ([notification, items]) => {
          const named = items.map(({ user, item }) => ({ user, id: item.id }))
          for (const { id } of await store.inbox.recall(tenant, notification, named)) gone.add(id)
        })
      } finally {
        // A retry would not find these items.
        await publish(
          tenant,
          found.filter(({ item }) => gone.has(item.id)),
        )
      }
    },

    /** Removes the waiting steps of one user from the log. */
    steps: async (tenant: string, user: string, notifications: readonly string[]): Promise<void> => {
      if (notifications.length === 0) return
      await stream.cancel(notifications.map((notification) => planKey({ tenant, notification, user })))
    },
  }
}
