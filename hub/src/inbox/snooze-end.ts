import type { Owner } from '@carillon/core/store/ports/inbox'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import { type InboxItem, scheduleSubject, workSubject } from '@carillon/schemas'

const keyOf = ({ tenant }: Owner, id: string) => scheduleSubject(tenant, 'snooze', id.replaceAll('-', ''))

/**
 * Schedules the message that ends a snooze. It is scheduled before the item is changed, so that no item stays snoozed
 * forever. A message for an item that is not snoozed does nothing, so cancelling is best effort.
 */
export const createSnoozeEnds = ({ stream, log }: { stream: Stream; log: Log }) => ({
  /** Schedules the end of a snooze, in place of an earlier one. Throws `unavailable` or `stream_full`. */
  set: async (owner: Owner, id: string, at: number): Promise<void> => {
    await stream.publish([
      {
        subject: workSubject('wake', 'normal', owner.tenant),
        data: Buffer.from(JSON.stringify({ user: owner.user, id })),
        schedule: { at, key: keyOf(owner, id) },
      },
    ])
  },

  cancel: async (owner: Owner, items: readonly Pick<InboxItem, 'id'>[]): Promise<void> => {
    const keys = items.map(({ id }) => keyOf(owner, id))
    if (keys.length === 0) return
    try {
      await stream.cancel(keys)
    } catch (err) {
      log.warn(
        { err, tenant: owner.tenant },
        'the scheduled end of a snooze was not cancelled; it will do nothing',
      )
    }
  },
})

export type SnoozeEnds = ReturnType<typeof createSnoozeEnds>
