import { planKey } from '@carillon/core/delivery/step'
import { ProblemError } from '@carillon/core/errors'
import { dueKey } from '@carillon/core/notification/ids'
import type { Notifications } from '@carillon/core/store/ports/notifications'
import type { Stream } from '@carillon/core/stream/port'
import { scheduleSubject } from '@carillon/schemas'

/**
 * Cancels the pending parts of a notification: its delivery, if it is scheduled, and the steps of its plan.
 * Idempotent. Throws `not_found`, or `already_delivered` if nothing can be pending.
 */
export const createCancel =
  ({ notifications, stream }: { notifications: Notifications; stream: Pick<Stream, 'cancel'> }) =>
  async (tenant: string, id: string): Promise<void> => {
    const found = await notifications.get(tenant, id)
    if (!found) throw new ProblemError('not_found', 'there is no such notification')
    if (found.state === 'delivered' && !found.planned)
      throw new ProblemError('already_delivered', 'every recipient has it in the inbox')
    if (found.state !== 'cancelled') await notifications.cancel(tenant, id, Date.now())
    // The steps of an audience end when they become due.
    const waiting = (found.planned ? found.users : undefined) ?? []
    await stream.cancel([
      scheduleSubject(tenant, dueKey(id)),
      ...waiting.map((user) => planKey({ tenant, notification: id, user })),
    ])
  }

export type Cancel = ReturnType<typeof createCancel>
