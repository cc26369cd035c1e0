import type { Live } from '@carillon/core/live/port'
import { deliverToStreams } from '@carillon/core/live/streams'
import type { Store } from '@carillon/core/store/port'
import { type InboxItem, ItemId, UserId } from '@carillon/schemas'
import { z } from 'zod'

/** The end of a snooze. */
export const WakeWork = z.object({ user: UserId, id: ItemId })
export type WakeWork = z.infer<typeof WakeWork>

/**
 * Tolerated difference between the log's clock and this process's clock, in ms. A later snooze schedules its
 * own message.
 */
const CLOCK_SKEW_MS = 5_000

/** Ends a snooze: the item counts again, and the user's apps are notified. Repeatable. */
export const createWake =
  ({ store, live }: { store: Pick<Store, 'inbox'>; live: Live }) =>
  async (tenant: string, { user, id }: WakeWork): Promise<void> => {
    const owner = { tenant, user }
    const due = Date.now() + CLOCK_SKEW_MS
    const isDue = ({ snoozedUntil }: InboxItem) => snoozedUntil !== null && Date.parse(snoozedUntil) <= due
    const [woken] = await store.inbox.change(owner, [id], (item) =>
      isDue(item) ? { snoozedUntil: null } : {},
    )
    // By this clock, the snooze may have ended already. A snooze that continues has its own message.
    if (!woken || woken.item.snoozedUntil !== null) return
    await deliverToStreams(live, owner, [woken.item.context ?? ''], {
      countsOf: async (context) => (await store.inbox.counts(owner, { context })).counts,
      eventsFor: (counts) => [
        { event: 'inbox.changed', payload: { ids: [id], patch: { snoozedUntil: null }, counts } },
      ],
    })
  }
