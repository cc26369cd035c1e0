import { ProblemError } from '@carillon/core/errors'
import {
  earliest,
  firstAt,
  isLocal,
  latest,
  type SendTimes,
  timed,
} from '@carillon/core/notification/delivery-times'
import { checkHorizon } from '@carillon/core/notification/horizon'
import { NO_DATE } from '@carillon/core/notification/relative-time'
import type { Issue, Notification } from '@carillon/schemas'

const check = ({ deliverAt, expiresAt }: SendTimes, now: number): void => {
  checkHorizon({ deliverAt, expiresAt }, now)
  if (expiresAt === undefined) return
  const refuse = (code: 'time_passed' | 'invalid_request', message: string) =>
    new ProblemError(code, `the notification could never be delivered: expiresAt ${message}`, {
      errors: [{ pointer: '/expiresAt', message }],
    })
  if (latest(expiresAt) <= now) throw refuse('time_passed', 'has passed')
  if (deliverAt === undefined) return
  // Two local times have the same order in every time zone.
  const begins = isLocal(expiresAt) && isLocal(deliverAt) ? latest(deliverAt) : earliest(deliverAt)
  if (latest(expiresAt) <= begins) throw refuse('invalid_request', 'must be after deliverAt')
}

/** The times of a notification. `start`: when it is delivered at the earliest, epoch ms. */
type CheckedTimes = { times: SendTimes; start: number; faults: Issue[] }

/**
 * Returns when a notification is delivered and expires, or a fault if `data` has no date for `deliverAt`. `zone`: the time zone
 * of dates without a time. Throws `too_far`, `time_passed`, and `invalid_request` if it expires before it is delivered.
 */
export const checkTimes = (
  given: Pick<Notification, 'deliverAt' | 'expiresAt' | 'data'>,
  zone: string,
  now: number,
): CheckedTimes => {
  const found = timed(given, zone)
  if (!found) return { times: {}, start: now, faults: [{ path: ['deliverAt', 'from'], message: NO_DATE }] }
  const times = { deliverAt: found.deliverAt, expiresAt: found.expiresAt }
  check(times, now)
  return { times, start: firstAt(times, now), faults: [] }
}
