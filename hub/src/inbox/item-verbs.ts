import { ProblemError } from '@carillon/core/errors'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { ChangedItem, Inbox, Owner } from '@carillon/core/store/ports/inbox'
import {
  actionOf,
  type Counts,
  changeOf,
  type InboxItem,
  type ItemPatch,
  type StateChange,
} from '@carillon/schemas'
import { type AfterChange, grouped } from './after-change.ts'
import type { Announcer } from './announce.ts'
import { checkPatch } from './patch.ts'
import type { Alarm } from './snooze-alarm.ts'

/** One problem for missing, deleted, malformed and other users' ids, so that ids cannot be probed. */
const noItem = () => new ProblemError('not_found', 'there is no such item in this inbox')

/** Returns the verbs that change one item. */
export const createItemVerbs = (parts: {
  inbox: Inbox
  counts: (owner: Owner) => Promise<Counts>
  afterChange: AfterChange
  announce: Announcer
  alarm: Alarm
}) => {
  const { inbox, counts: countsOf, afterChange, announce, alarm } = parts

  const find = async (owner: Owner, id: string): Promise<InboxItem> => {
    const [item] = uuid7Time(id) === undefined ? [] : await inbox.get(owner, [id])
    if (!item) throw noItem()
    return item
  }

  const change = async (
    owner: Owner,
    id: string,
    changeFor: (item: InboxItem) => StateChange,
  ): Promise<ChangedItem> => {
    const [changed] = uuid7Time(id) === undefined ? [] : await inbox.change(owner, [id], changeFor)
    if (!changed) throw noItem()
    return changed
  }

  return {
    /** Changes an item. Throws `not_found`, or `invalid_request` for a patch that contradicts itself. */
    patch: async (
      owner: Owner,
      id: string,
      patch: ItemPatch,
    ): Promise<{ item: InboxItem; counts: Counts }> => {
      const now = Date.now()
      checkPatch(patch, now)
      if (typeof patch.snoozedUntil === 'string') {
        const { id: known } = await find(owner, id)
        await alarm.set(owner, known, Date.parse(patch.snoozedUntil))
      }
      const changed = await change(owner, id, (item) => changeOf(item, patch, now))
      return { item: changed.item, counts: await afterChange(owner, grouped([changed]), patch) }
    },

    /** Invokes an action of an item. Throws `not_found` also if the item has no such action. */
    act: async (owner: Owner, id: string, action: string): Promise<{ item: InboxItem; counts: Counts }> => {
      const now = Date.now()
      const offers = ({ actions }: InboxItem) => actions?.some(({ name }) => name === action)
      const changed = await change(owner, id, (item) => (offers(item) ? actionOf(item, action, now) : {}))
      const { item } = changed
      if (!offers(item)) throw noItem()
      const { acted } = changed.change
      const groups = grouped([changed])
      const counts = await countsOf(owner)
      const told = groups.map((group) =>
        acted ? { ...group, change: { ...group.change, acted: item.acted } } : group,
      )
      const happenings = groups.map(({ items }) =>
        acted ? { kind: 'acted' as const, items, action } : { kind: 'read' as const, items },
      )
      await Promise.all([announce.changed(owner, told, counts), announce.happened(owner, happenings)])
      return { item, counts }
    },

    /** Deletes an item. Throws `not_found`. */
    remove: async (owner: Owner, id: string): Promise<{ counts: Counts }> => {
      const item = await find(owner, id)
      await inbox.remove(owner, [id])
      const counts = await countsOf(owner)
      await Promise.all([
        alarm.cancel(owner, item.snoozedUntil === null ? [] : [item]),
        announce.removed(owner, item, counts),
        announce.happened(owner, [{ kind: 'deleted', items: [item] }]),
      ])
      return { counts }
    },
  }
}
