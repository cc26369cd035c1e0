import { ProblemError } from '@carillon/core/errors'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { ChangedItem, Inbox } from '@carillon/core/store/ports/inbox'
import {
  actionOf,
  type Counts,
  changeOf,
  type InboxItem,
  type ItemPatch,
  type StateChange,
  sees,
} from '@carillon/schemas'
import { type AfterChange, grouped } from './after-change.ts'
import type { Announcer } from './announce.ts'
import { createGroupVerbs } from './group-verbs.ts'
import { checkPatch } from './patch.ts'
import type { SnoozeEnds } from './snooze-end.ts'
import type { Viewer } from './viewer.ts'

/**
 * One problem for missing, deleted and malformed ids, those of other users, and those of contexts that the token excludes, so
 * that ids cannot be probed.
 */
const noItem = () => new ProblemError('not_found', 'there is no such item in this inbox')

const noAction = (action: string, { actions = [] }: InboxItem) => {
  const names = actions.map(({ name }) => `\`${name}\``).join(', ') || 'none'
  // Any other name may be long or hostile, so it is not repeated.
  const missing = /^[\w-]{1,64}$/.test(action) ? `action \`${action}\`` : 'such action'
  return new ProblemError('not_found', `the item has no ${missing}; it has ${names}`)
}

/** Returns the verbs that change one item. */
export const createItemVerbs = (parts: {
  inbox: Inbox
  counts: (viewer: Viewer) => Promise<Counts>
  afterChange: AfterChange
  announce: Announcer
  snoozeEnds: SnoozeEnds
}) => {
  const { inbox, counts: countsOf, afterChange, announce, snoozeEnds } = parts
  const group = createGroupVerbs({ inbox, snoozeEnds })

  const find = async (viewer: Viewer, id: string): Promise<InboxItem> => {
    const [item] = uuid7Time(id) === undefined ? [] : await inbox.get(viewer, [id])
    if (!item || !sees(viewer.contexts, item)) throw noItem()
    return item
  }

  const change = async (
    viewer: Viewer,
    id: string,
    changeFor: (item: InboxItem) => StateChange,
  ): Promise<ChangedItem> => {
    const isSeen = (item: InboxItem) => sees(viewer.contexts, item)
    const [changed] =
      uuid7Time(id) === undefined
        ? []
        : await inbox.change(viewer, [id], (item) => (isSeen(item) ? changeFor(item) : {}))
    if (!changed || !isSeen(changed.item)) throw noItem()
    return changed
  }

  return {
    /** Changes an item or its group. Throws `not_found`, or `invalid_request` for a patch that contradicts itself. */
    patch: async (
      viewer: Viewer,
      id: string,
      patch: ItemPatch,
    ): Promise<{ item: InboxItem; counts: Counts }> => {
      const now = Date.now()
      checkPatch(patch, now)
      if (typeof patch.snoozedUntil === 'string') {
        const { id: known } = await find(viewer, id)
        await snoozeEnds.set(viewer, known, Date.parse(patch.snoozedUntil))
      }
      const before = patch.group ? await find(viewer, id) : undefined
      // The others come first: a repetition after a failure finds them by the state of the item.
      const others = before ? await group.change(viewer, before, patch, now) : { items: [], sweeps: [] }
      const changed = await change(viewer, id, (item) => changeOf(item, patch, now))
      const counts = await afterChange(viewer, grouped([changed, ...others.items]), patch)
      for (const sweep of others.sweeps) await announce.changedAll(viewer, sweep, counts)
      return { item: changed.item, counts }
    },

    /** Invokes an action of an item. Throws `not_found` also if the item has no such action. */
    act: async (viewer: Viewer, id: string, action: string): Promise<{ item: InboxItem; counts: Counts }> => {
      const now = Date.now()
      const offers = ({ actions }: InboxItem) => actions?.some(({ name }) => name === action)
      const changed = await change(viewer, id, (item) => (offers(item) ? actionOf(item, action, now) : {}))
      const { item } = changed
      if (!offers(item)) throw noAction(action, item)
      const { acted } = changed.change
      const groups = grouped([changed])
      const counts = await countsOf(viewer)
      const told = groups.map((group) =>
        acted ? { ...group, change: { ...group.change, acted: item.acted } } : group,
      )
      const happenings = groups.map(({ items }) =>
        acted ? { kind: 'acted' as const, items, action } : { kind: 'read' as const, items },
      )
      await Promise.all([announce.changed(viewer, told, counts), announce.happened(viewer, happenings)])
      return { item, counts }
    },

    /** Deletes an item, or all items of its group. Throws `not_found`. */
    remove: async (viewer: Viewer, id: string, ofGroup = false): Promise<{ counts: Counts }> => {
      const item = await find(viewer, id)
      // The others come first: a repetition after a failure finds them by the item.
      const others = ofGroup ? await group.remove(viewer, item) : []
      await inbox.remove(viewer, [id])
      const items = [item, ...others]
      const counts = await countsOf(viewer)
      await Promise.all([
        snoozeEnds.cancel(
          viewer,
          items.filter(({ snoozedUntil }) => snoozedUntil !== null),
        ),
        announce.removed(viewer, items, counts),
        announce.happened(viewer, [{ kind: 'deleted', items }]),
      ])
      return { counts }
    },
  }
}
