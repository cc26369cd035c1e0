import type { ItemPatch, ItemState, LifecycleKind } from '@carillon/schemas'

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
