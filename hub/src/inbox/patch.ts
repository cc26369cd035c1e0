import { ProblemError } from '@carillon/core/errors'
import { checkHorizon } from '@carillon/core/notification/horizon'
import type { ItemPatch } from '@carillon/schemas'

const refuse = (pointer: string, message: string) =>
  new ProblemError('invalid_request', `the change is invalid: ${pointer.slice(1)} ${message}`, {
    errors: [{ pointer, message }],
  })

/** Throws `invalid_request` for a patch that contradicts itself, `time_passed` and `too_far`. */
export const checkPatch = (patch: ItemPatch, now: number): void => {
  if (patch.read === true && patch.seen === false) throw refuse('/seen', 'must not be false if read is true')
  if (patch.together && !(patch.group && (patch.archived === false || patch.snoozedUntil === null)))
    throw refuse('/together', 'needs group, and archived: false or snoozedUntil: null')
  if (typeof patch.snoozedUntil !== 'string') return
  if (patch.archived === true) throw refuse('/snoozedUntil', 'must be null or absent if archived is true')
  const until = Date.parse(patch.snoozedUntil)
  if (!(until > now))
    throw new ProblemError('time_passed', 'snoozedUntil has passed', {
      errors: [{ pointer: '/snoozedUntil', message: 'has passed' }],
    })
  checkHorizon({ snoozedUntil: patch.snoozedUntil }, now)
}
