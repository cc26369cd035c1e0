import { verbsOf } from '@carillon/core/items/verbs'
import type { ChangedItem } from '@carillon/core/store/ports/inbox'
import type { Counts, InboxItem, ItemPatch, StateChange } from '@carillon/schemas'
import type { Announcer, Group } from './announce.ts'
import type { SnoozeEnds } from './snooze-end.ts'
import type { Viewer } from './viewer.ts'

/** Groups items that changed in the same way. Unchanged items are omitted. */
export const grouped = (items: readonly ChangedItem[]): Group[] => {
  const groups = new Map<string, Group>()
  for (const { item, change } of items) {
    const key = JSON.stringify(change)
    if (key === '{}') continue
    const group = groups.get(key)
    if (group) group.items.push(item)
    else groups.set(key, { items: [item], change })
  }
  return [...groups.values()]
}

export const itemsWhere = (groups: readonly Group[], test: (change: StateChange) => boolean): InboxItem[] =>
  groups.filter(({ change }) => test(change)).flatMap(({ items }) => items)

/**
 * Completes a change by `patch`: reads the counts, cancels the snooze ends of items that are no longer snoozed, notifies the
 * user's apps, and publishes one lifecycle event per verb. Returns the counts.
 */
export const createAfterChange =
  ({
    counts: countsOf,
    snoozeEnds,
    announce,
  }: {
    counts: (viewer: Viewer) => Promise<Counts>
    snoozeEnds: Pick<SnoozeEnds, 'cancel'>
    announce: Announcer
  }) =>
  async (viewer: Viewer, groups: readonly Group[], patch: ItemPatch): Promise<Counts> => {
    const counts = await countsOf(viewer)
    const woken = itemsWhere(groups, ({ snoozedUntil }) => snoozedUntil === null)
    const happenings = verbsOf(patch).map(({ kind, cell }) => ({
      kind,
      items: itemsWhere(groups, (change) => cell in change),
    }))
    await Promise.all([
      snoozeEnds.cancel(viewer, woken),
      announce.changed(viewer, groups, counts),
      announce.happened(viewer, happenings),
    ])
    return counts
  }

export type AfterChange = ReturnType<typeof createAfterChange>
