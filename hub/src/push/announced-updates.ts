import { type Done, endsPush, type PushUpdates } from '@carillon/core/delivery/push-updates'
import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Announcer } from '../inbox/announce.ts'

/** Returns an announcer that also withdraws pushes about items that were read, archived, snoozed or deleted. */
export const withPushUpdates = (announce: Announcer, updates: PushUpdates): Announcer => {
  const done = ({ tenant, user }: Owner, items: Done['items']) => updates(tenant, [{ user, items }])
  return {
    ...announce,
    changed: async (viewer, groups, counts) => {
      const items = groups.flatMap(({ items, change }) => (endsPush(change) ? items.map(({ id }) => id) : []))
      await Promise.all([announce.changed(viewer, groups, counts), done(viewer, items)])
    },
    changedAll: async (viewer, sweep, counts) => {
      const [told] = await Promise.all([
        announce.changedAll(viewer, sweep, counts),
        ...(sweep.verb === 'seen' ? [] : [done(viewer, 'all')]),
      ])
      return told
    },
    removed: async (viewer, items, counts) => {
      const ids = items.map(({ id }) => id)
      await Promise.all([announce.removed(viewer, items, counts), done(viewer, ids)])
    },
  }
}
