import { HORIZON_DAYS } from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import { latest, type SendTime } from './delivery-times.ts'

export const HORIZON_MS = HORIZON_DAYS * 86_400_000

/**
 * Throws `too_far`, with a pointer to each, if any of the times is more than 366 days after `now` (epoch ms), a
 * local time in any time zone. The horizon keeps every expiry within what stores and the event log can represent.
 */
export const checkHorizon = (times: Record<string, SendTime | undefined>, now: number): void => {
  const errors = Object.entries(times)
    .filter(([, time]) => time !== undefined && !(latest(time) <= now + HORIZON_MS))
    .map(([name]) => ({ pointer: `/${name}`, message: `must be at most ${HORIZON_DAYS} days ahead` }))
  const [first] = errors
  if (!first) return
  const name = first.pointer.slice(1)
  throw new ProblemError('too_far', `${name} must be at most ${HORIZON_DAYS} days ahead`, {
    errors,
  })
}
