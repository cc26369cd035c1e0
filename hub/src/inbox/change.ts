import { ProblemError } from '@carillon/core/errors'
import { checkHorizon } from '@carillon/core/notification/horizon'
import type { StateChange } from '@carillon/core/store/ports/inbox'
import type { InboxItem, ItemPatch, ItemState, LifecycleKind } from '@carillon/schemas'

const refuse = (pointer: string, message: string) =>
  new ProblemError('invalid_request', `the change is invalid: ${pointer.slice(1)} ${message}`, {
    errors: [{ pointer, message }],
  })

/** Throws `invalid_request` for a patch that contradicts itself, `time_passed` and `too_far`. */
export const checkPatch = (patch: ItemPatch, now: number): void => {
  if (patch.read === true && patch.seen === false) throw refuse('/seen', 'must not be false if read is true')
  if (typeof patch.snoozedUntil !== 'string') return
  if (patch.archived === true) throw refuse('/snoozedUntil', 'must be null or left out if archived is true')
  const until = Date.parse(patch.snoozedUntil)
  if (!(until > now))
    throw new ProblemError('time_passed', 'snoozedUntil has passed', {
      errors: [{ pointer: '/snoozedUntil', message: 'has passed' }],
    })
  checkHorizon({ snoozedUntil: patch.snoozedUntil }, now)
}

/**
 * The cells a patch changes in this item; empty when it is all true already, so that doing a thing twice writes
 * nothing and keeps the first time. What is read is seen, so reading sees and unseeing unreads; an item is
 * active, archived or snoozed, so archiving ends a snooze and snoozing takes it out of the archive.
 */
export const changeOf = (item: InboxItem, patch: ItemPatch, now: number): StateChange => {
  const at = new Date(now).toISOString()
  const change: StateChange = {}
  const set = (cell: 'seenAt' | 'readAt' | 'archivedAt', wanted: boolean) => {
    if (wanted !== (item[cell] !== null)) change[cell] = wanted ? at : null
  }
  if (patch.read !== undefined) set('readAt', patch.read)
  if (patch.read === true) set('seenAt', true)
  else if (patch.seen !== undefined) set('seenAt', patch.seen)
  if (patch.seen === false) set('readAt', false)
  if (patch.archived !== undefined) set('archivedAt', patch.archived)
  if (typeof patch.snoozedUntil === 'string') set('archivedAt', false)

  const until = typeof patch.snoozedUntil === 'string' ? new Date(patch.snoozedUntil).toISOString() : null
  if ((patch.snoozedUntil !== undefined || patch.archived === true) && until !== item.snoozedUntil)
    change.snoozedUntil = until
  return change
}

/** What taking an action changes: the first time counts, and whoever acts on an item has read it. */
export const actionOf = (item: InboxItem, action: string, now: number): StateChange => ({
  ...changeOf(item, { read: true }, now),
  ...(Object.hasOwn(item.acted, action) ? {} : { acted: { [action]: new Date(now).toISOString() } }),
})

/** The item after the change. */
export const changed = (item: InboxItem, change: StateChange): InboxItem => ({
  ...item,
  ...change,
  acted: { ...item.acted, ...change.acted },
})

/**
 * The verbs of a patch, each with the cell that tells whether it did something: what its author asked for, not
 * what followed from it.
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
