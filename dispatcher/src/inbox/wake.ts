import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { WakeWork } from '../work.ts'

/** Tolerated difference between the log's clock and ours. A later snooze schedules its own message. */
const CLOCK_SKEW_MS = 5_000

/** Ends a snooze: the item counts again, and the user's tabs are told. Repeatable. */
export const createWake =
  ({ store, live }: { store: Pick<Store, 'inbox'>; live: Live }) =>
  async (tenant: string, { user, id }: WakeWork): Promise<void> => {
    const owner = { tenant, user }
    const [item] = await store.inbox.get(owner, [id])
    if (!item?.snoozedUntil || Date.parse(item.snoozedUntil) > Date.now() + CLOCK_SKEW_MS) return
    await store.inbox.change(owner, [id], { snoozedUntil: null })
    const counts = await store.inbox.counts(owner)
    const payload = { ids: [id], patch: { snoozedUntil: null }, counts }
    await live.deliver([{ ...owner, event: 'inbox.changed', payload }])
  }
