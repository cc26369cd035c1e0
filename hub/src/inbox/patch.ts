import { ProblemError } from '@carillon/core/errors'
import { checkHorizon } from '@carillon/core/notification/horizon'
import type { ItemPatch, ItemState, LifecycleKind } from '@carillon/schemas'

const refuse = (pointer: string, message: string) =>
  new ProblemError('invalid_request', `the change is invalid: ${pointer.slice(1)} ${message}`, {
    errors: [{ pointer, message }],
  })

/** Throws `invalid_request` for a patch that contradicts itself, `time_passed` and `too_far`. */
export const checkPatch = (patch: ItemPatch, now: number): void => {
  if (patch.read === true && patch.seen === false) throw refuse('/seen', 'must not be false if read is true')
  if (typeof patch.snoozedUntil !== 'string') return
  if (patch.archived === true) throw refuse('/snoozedUntil', 'must be null or absent if archived is true')
  const until = Date.parse(patch.snoozedUntil)
  if (!(until > now))
    throw new ProblemError('time_passed', 'snoozedUntil has passed', {
      errors: [{ pointer: '/snoozedUntil', message: 'has passed' }],
    })
  checkHorizon({ snoozedUntil: patch.snoozedUntil }, now)
}

/**
 * Returns the verbs of a patch, each with the field that shows whether it changed anything. A side effect is
 * not a verb: marking an item as read also marks it as seen.
 */
export const verbsOf = (patch: ItemPatch): { kind: LifecycleKind; cell: keyof ItemState }[] => {
  const verbs: { kind: LifecycleKind; cell: keyof ItemState }[] = []
  if (patch.read !== undefined) verbs.push({ kind: patch.read ? 'read' : 'unread', cell: 'readAt' })
  else if (patch.seen !== undefined)
    verbs.push(patch.seen ? { kind: 'seen', cell: 'seenAt' } : { kind: 'unread', cell: 'readAt' })
  if (patch.archived !== undefined)
    verbs.push({ kind: patch.archived ? 'archived' : 'unarchived', cell: 'archivedAt' })
  if (patch.snoozedUntil !== undefined)
    verbs.push({ kind: patch.snoozedUntil === null ? 'woken' : 'snoozed', cell: 'snoozedUntil' })
  return verbs
}
