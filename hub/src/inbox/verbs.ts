import { ProblemError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { Inbox, Owner, StateChange } from '@carillon/core/store/ports/inbox'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Counts, InboxItem, ItemPatch } from '@carillon/schemas'
import { createAnnouncer, type Group } from './announce.ts'
import { actionOf, changed, changeOf, checkPatch, verbsOf } from './change.ts'
import { createReceipts } from './receipts.ts'
import { createAlarm } from './wake.ts'

/** Items changed at a time when a user changes all. */
const PAGE = 500

/** Ends for a missing, a removed, a malformed and somebody else's id: nobody learns which. */
const noItem = () => new ProblemError('not_found', 'there is no such item in this inbox')

/** Puts items that change in the same cells to the same values together; those that do not change are left out. */
const grouped = (items: readonly InboxItem[], changeFor: (item: InboxItem) => StateChange): Group[] => {
  const groups = new Map<string, Group>()
  for (const item of items) {
    const change = changeFor(item)
    const key = JSON.stringify(change)
    if (key === '{}') continue
    const group = groups.get(key)
    if (group) group.items.push(item)
    else groups.set(key, { items: [item], change })
  }
  return [...groups.values()]
}

/**
 * What people do to their items. Each verb stores first, then reads the counts, then tells the user's other tabs
 * and publishes one lifecycle event per verb used; only the first can fail the request. What changes nothing
 * writes and tells nothing.
 */
export const createVerbs = (parts: {
  inbox: Inbox
  live: Live
  stream: Stream
  log: Log
  metrics: Metrics
}) => {
  const { inbox } = parts
  const announce = createAnnouncer(parts)
  const alarm = createAlarm(parts)
  const receipts = createReceipts({ inbox, announce, log: parts.log })

  const find = async (owner: Owner, id: string): Promise<InboxItem> => {
    const [item] = uuid7Time(id) === undefined ? [] : await inbox.get(owner, [id])
    if (!item) throw noItem()
    return item
  }

  const store = async (owner: Owner, groups: readonly Group[]) => {
    for (const { items, change } of groups)
      await inbox.change(
        owner,
        items.map(({ id }) => id),
        change,
      )
  }

  /** Everything after the write. */
  const finish = async (owner: Owner, groups: readonly Group[], patch: ItemPatch): Promise<Counts> => {
    const counts = await inbox.counts(owner)
    const itemsWhere = (test: (change: StateChange) => boolean) =>
      groups.filter(({ change }) => test(change)).flatMap(({ items }) => items)
    await Promise.all([
      alarm.cancel(
        owner,
        itemsWhere((change) => change.snoozedUntil === null),
      ),
      announce.changed(owner, groups, counts),
      announce.happened(
        owner,
        verbsOf(patch).map(({ kind, cell }) => ({ kind, items: itemsWhere((change) => cell in change) })),
      ),
    ])
    return counts
  }

  return {
    /** Throws `not_found`, or `invalid_request` for a patch that contradicts itself. */
    patch: async (
      owner: Owner,
      id: string,
      patch: ItemPatch,
    ): Promise<{ item: InboxItem; counts: Counts }> => {
      const now = Date.now()
      checkPatch(patch, now)
      const item = await find(owner, id)
      const groups = grouped([item], (each) => changeOf(each, patch, now))
      const change = groups[0]?.change ?? {}
      if (change.snoozedUntil) await alarm.set(owner, id, Date.parse(change.snoozedUntil))
      await store(owner, groups)
      return { item: changed(item, change), counts: await finish(owner, groups, patch) }
    },

    /** Marks those of the ids that are the user's; `ids` are the ones that were not seen before. */
    seen: async (owner: Owner, ids: readonly string[]): Promise<{ ids: string[]; counts: Counts }> => {
      const known = [...new Set(ids)].filter((id) => uuid7Time(id) !== undefined)
      const items = known.length === 0 ? [] : await inbox.get(owner, known)
      const now = Date.now()
      const groups = grouped(items, (item) => changeOf(item, { seen: true }, now))
      await store(owner, groups)
      const counts = await finish(owner, groups, { seen: true })
      return { ids: groups.flatMap((group) => group.items.map(({ id }) => id)), counts }
    },

    /**
     * Does one thing to every active item (of a category, with a tag). Walks from the newest item at the start to older ones,
     * so what arrives meanwhile is left alone; repeating it after a failure goes on where that ended. Items newer than
     * `through` are left alone too, so a request that comes late does no more than it was meant to.
     */
    all: async (
      owner: Owner,
      verb: 'read' | 'seen' | 'archived',
      { through, ...narrow }: { category?: string; tag?: string; through?: string } = {},
    ): Promise<{ ids: string[]; counts: Counts }> => {
      const status = ({ read: 'unread', seen: 'unseen', archived: 'active' } as const)[verb]
      const patch: ItemPatch = { [verb]: true }
      const now = Date.now()
      const done: Group[] = []
      let before: string | undefined
      for (let more = true; more; ) {
        const items = await inbox.page(owner, { ...narrow, status, before, limit: PAGE })
        const old = through === undefined ? items : items.filter(({ id }) => id <= through)
        const groups = grouped(old, (item) => changeOf(item, patch, now))
        await store(owner, groups)
        done.push(...groups)
        before = items.at(-1)?.id
        more = items.length === PAGE
      }
      const counts = await finish(owner, done, patch)
      return { ids: done.flatMap((group) => group.items.map(({ id }) => id)), counts }
    },

    /** Throws `not_found` also when the item has no such action. */
    act: async (owner: Owner, id: string, action: string): Promise<{ item: InboxItem; counts: Counts }> => {
      const item = await find(owner, id)
      if (!item.actions?.some(({ name }) => name === action)) throw noItem()
      const now = Date.now()
      const groups = grouped([item], (each) => actionOf(each, action, now))
      await store(owner, groups)
      const counts = await inbox.counts(owner)
      const after = changed(item, groups[0]?.change ?? {})
      const told = groups.map(({ items, change }) => ({
        items,
        change: change.acted ? { ...change, acted: after.acted } : change,
      }))
      await Promise.all([
        announce.changed(owner, told, counts),
        announce.happened(
          owner,
          groups.map(({ items, change }) =>
            change.acted ? { kind: 'acted', items, action } : { kind: 'read', items },
          ),
        ),
      ])
      return { item: after, counts }
    },

    /** Throws `not_found`. */
    remove: async (owner: Owner, id: string): Promise<{ counts: Counts }> => {
      const item = await find(owner, id)
      await inbox.remove(owner, [id])
      const counts = await inbox.counts(owner)
      await Promise.all([
        alarm.cancel(owner, [item]),
        announce.removed(owner, item, counts),
        announce.happened(owner, [{ kind: 'deleted', items: [item] }]),
      ])
      return { counts }
    },

    /** An app of the user's says these items arrived. Returns at once; see createReceipts. */
    received: receipts.add,
    /** Resolves when everything handed to `received` is written. */
    settled: receipts.settled,
  }
}

export type Verbs = ReturnType<typeof createVerbs>
