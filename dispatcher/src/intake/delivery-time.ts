import { timed } from '@carillon/core/notification/delivery-times'
import { NO_DATE } from '@carillon/core/notification/relative-time'
import type { DeadReason } from '@carillon/core/stream/port'
import type { Issue } from '@carillon/schemas'
import { describe, type Given, type Incoming, tooFar } from './notification.ts'

/** Returns a fault of a notification as the reason of a dead letter. */
export const refusal = ({ place }: Pick<Given, 'place'>, fault: Issue): DeadReason => ({
  code: 'invalid_request',
  detail: describe([{ ...fault, path: [...place, ...fault.path] }]),
})

/**
 * Adds to a notification the instant of its relative `deliverAt`, or why it is refused. `zone`: of dates without a time.
 */
export const resolveTimes = (given: Given, zone: string): DeadReason | Incoming => {
  const { notification, appendedAt } = given
  const found = timed(notification, zone)
  if (!found) return refusal(given, { path: ['deliverAt', 'from'], message: NO_DATE })
  const far = found === notification ? undefined : tooFar(found, appendedAt)
  return far ?? Object.assign(given, { notification: found, zone })
}
