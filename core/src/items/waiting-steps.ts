import { scheduleSubject } from '@carillon/schemas'
import { planGroups } from '../delivery/step.ts'
import { dueKey } from '../notification/ids.ts'
import type { NotificationProgress } from '../store/ports/notifications.ts'
import type { Stream } from '../stream/port.ts'

/**
 * Removes the scheduled messages of a notification from the log: its delivery and the steps of its plan. Returns the number of
 * removed steps.
 */
export const removeWaiting = async (
  stream: Pick<Stream, 'cancel' | 'cancelGroup'>,
  tenant: string,
  id: string,
  found: Pick<NotificationProgress, 'deliverAt' | 'planned' | 'chains'> | undefined,
): Promise<number> => {
  if (!found || found.deliverAt !== undefined)
    await stream.cancel([scheduleSubject(tenant, 'deliver_at', dueKey(id))])
  let ended = 0
  const groups = found?.planned ? planGroups(tenant, id, found.chains > 0) : []
  for (const group of groups) ended += await stream.cancelGroup(group)
  return ended
}
