import type { ChangedItem, Inbox, InboxCursor } from '@carillon/core/store/ports/inbox'
import {
  changeOf,
  type InboxItem,
  type InboxStatus,
  type ItemFilter,
  type ItemPatch,
  isSnoozed,
} from '@carillon/schemas'
import type { Sweep } from './announce.ts'
import type { SnoozeEnds } from './snooze-end.ts'
import type { Viewer } from './viewer.ts'

/** Maximum items that are changed one by one. */
const ONE_BY_ONE_MAX = 1_000
/** Maximum items that are examined for `together`. */
const EXAMINED_MAX = 10_000
/** Items read at once. */
const PAGE = 100

/** The lists that together have every item. */
const STATUSES = ['active', 'archived', 'snoozed'] as const

/** Verbs that may be carried out in constant time, in this order. */
const SWEEPING = [
  ['read', 'read'],
  ['seen', 'seen'],
  ['archived', 'archived'],
] as const

/** Returns the filter of an item's group; undefined if it has none. */
const filterOf = ({ group, type, context = '' }: InboxItem): ItemFilter | undefined =>
  group && { group: group.key, type, context }

const listOf = (item: InboxItem, now: number): (typeof STATUSES)[number] =>
  item.archivedAt !== null ? 'archived' : isSnoozed(item, now) ? 'snoozed' : 'active'

/** Reports whether a patch only sets read, seen and archived. */
const isSweeping = ({ group: _, together: __, ...patch }: ItemPatch): boolean =>
  Object.values(patch).every((value) => value === undefined || value === true)

/** The verbs on the items of a group, without the item that names it. */
export const createGroupVerbs = ({
  inbox,
  snoozeEnds,
}: {
  inbox: Pick<Inbox, 'page' | 'change' | 'changeAll' | 'remove'>
  snoozeEnds: Pick<SnoozeEnds, 'set'>
}) => {
  async function* pages(
    viewer: Viewer,
    status: InboxStatus,
    filter: ItemFilter,
  ): AsyncGenerator<InboxItem[]> {
    for (let before: InboxCursor | undefined; ; ) {
      const query = { status, ...filter, limit: PAGE, ...(before ? { before } : {}) }
      const { items, next } = await inbox.page(viewer, query)
      yield items
      if (!next) return
      before = next
    }
  }

  return {
    /**
     * Applies a patch to the items that are in the same list (active, archived or snoozed) as the item was. Items that are changed one by
     * one are returned; the others are described by sweeps. Archived items get the time `now`.
     */
    change: async (
      viewer: Viewer,
      item: InboxItem,
      patch: ItemPatch,
      now: number,
    ): Promise<{ items: ChangedItem[]; sweeps: Sweep[] }> => {
      const filter = filterOf(item)
      const items: ChangedItem[] = []
      const sweeps: Sweep[] = []
      if (!filter) return { items, sweeps }
      const status = listOf(item, now)
      if (status === 'active' && isSweeping(patch)) {
        for (const [field, verb] of SWEEPING) {
          if (!patch[field]) continue
          const done = await inbox.changeAll(viewer, verb, { ...filter, at: now })
          items.push(...done.items)
          if (done.all) sweeps.push({ verb, filter, at: new Date(now).toISOString() })
        }
        return { items, sweeps }
      }
      const isSelected = ({ id, archivedAt, snoozedUntil }: InboxItem) =>
        id !== item.id &&
        (!patch.together || (archivedAt === item.archivedAt && snoozedUntil === item.snoozedUntil))
      let examined = 0
      for await (const page of pages(viewer, status, filter)) {
        const ids = page.filter(isSelected).map(({ id }) => id)
        examined += page.length
        if (typeof patch.snoozedUntil === 'string') {
          const until = Date.parse(patch.snoozedUntil)
          await Promise.all(ids.map((id) => snoozeEnds.set(viewer, id, until)))
        }
        items.push(...(await inbox.change(viewer, ids, (each) => changeOf(each, patch, now))))
        if (items.length >= ONE_BY_ONE_MAX || examined >= EXAMINED_MAX) break
      }
      return { items, sweeps }
    },

    /** Deletes the items, whatever their status, and returns them. */
    remove: async (viewer: Viewer, item: InboxItem): Promise<InboxItem[]> => {
      const filter = filterOf(item)
      const removed: InboxItem[] = []
      for (const status of filter ? STATUSES : [])
        for await (const page of pages(viewer, status, filter!)) {
          const others = page.filter(({ id }) => id !== item.id)
          await inbox.remove(
            viewer,
            others.map(({ id }) => id),
          )
          removed.push(...others)
        }
      return removed
    },
  }
}
