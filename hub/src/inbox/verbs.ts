import { ProblemError } from '@carillon/core/errors'
import type { Live } from '@carillon/core/live/port'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { AllVerb, ChangedItem, Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import {
  actionOf,
  type Counts,
  changeOf,
  type InboxItem,
  type ItemFilter,
  type ItemPatch,
  type StateChange,
} from '@carillon/schemas'
import { createAnnouncer, type Group } from './announce.ts'
import { createCounting } from './background-count.ts'
import { checkPatch, verbsOf } from './patch.ts'
import { createReceipts } from './receipts.ts'
import { createAlarm } from './snooze-alarm.ts'

/** The answer for a missing, a deleted, a malformed and another user's id: nobody learns which. */
const noItem = () => new ProblemError('not_found', 'there is no such item in this inbox')

/** Puts items that changed in the same way together; those that did not change are left out. */
const grouped = (items: readonly ChangedItem[]): Group[] => {
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

const itemsWhere = (groups: readonly Group[], test: (change: StateChange) => boolean): InboxItem[] =>
  groups.filter(({ change }) => test(change)).flatMap(({ items }) => items)

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
  const { counts: countsOf, recount } = createCounting({ inbox, announce, log: parts.log })

  const find = async (owner: Owner, id: string): Promise<InboxItem> => {
    const [item] = uuid7Time(id) === undefined ? [] : await inbox.get(owner, [id])
    if (!item) throw noItem()
    return item
  }

  /** Changes one item. Throws `not_found`. */
  const changeOne = async (
    owner: Owner,
    id: string,
    changeFor: (item: InboxItem) => StateChange,
  ): Promise<ChangedItem> => {
    const [changed] = uuid7Time(id) === undefined ? [] : await inbox.change(owner, [id], changeFor)
    if (!changed) throw noItem()
    return changed
  }

  /** Everything after the write. */
  const finish = async (owner: Owner, groups: readonly Group[], patch: ItemPatch): Promise<Counts> => {
    const counts = await countsOf(owner)
    const woken = itemsWhere(groups, ({ snoozedUntil }) => snoozedUntil === null)
    const happenings = verbsOf(patch).map(({ kind, cell }) => ({
      kind,
      items: itemsWhere(groups, (change) => cell in change),
    }))
    await Promise.all([
      alarm.cancel(owner, woken),
      announce.changed(owner, groups, counts),
      announce.happened(owner, happenings),
    ])
    return counts
  }

  /** Changes an item. Throws `not_found`, or `invalid_request` for a patch that contradicts itself. */
  const patchItem = async (owner: Owner, id: string, patch: ItemPatch) => {
    const now = Date.now()
    checkPatch(patch, now)
    if (typeof patch.snoozedUntil === 'string') {
      const { id: known } = await find(owner, id)
      await alarm.set(owner, known, Date.parse(patch.snoozedUntil))
    }
    const one = await changeOne(owner, id, (item) => changeOf(item, patch, now))
    return { item: one.item, counts: await finish(owner, grouped([one]), patch) }
  }

  /** Marks those of the ids that are the user's; `ids` are the ones that were not seen before. */
  const seen = async (owner: Owner, ids: readonly string[]): Promise<{ ids: string[]; counts: Counts }> => {
    const known = [...new Set(ids)].filter((id) => uuid7Time(id) !== undefined)
    const now = Date.now()
    const groups = grouped(await inbox.change(owner, known, (item) => changeOf(item, { seen: true }, now)))
    const counts = await finish(owner, groups, { seen: true })
    return { ids: itemsWhere(groups, () => true).map(({ id }) => id), counts }
  }

  /**
   * Does one thing to every active item with these labels that was stored before; repeating it after a failure does the
   * rest. Items newer than `through` are left alone, so a request that comes late does no more than it was meant to.
   */
  const all = async (
    owner: Owner,
    verb: AllVerb,
    query: ItemFilter & { through?: string } = {},
  ): Promise<{ counts: Counts }> => {
    const patch: ItemPatch = { [verb]: true }
    const now = Date.now()
    const { items, all: marked } = await inbox.changeAll(owner, verb, query)
    if (!marked) return { counts: await finish(owner, grouped(items), patch) }
    const { through: _, ...filter } = query
    const counts = await countsOf(owner)
    await announce.changedAll(owner, { verb, filter, at: new Date(now).toISOString() }, counts)
    return { counts }
  }

  /** Takes an action of an item. Throws `not_found` also if the item has no such action. */
  const act = async (owner: Owner, id: string, action: string) => {
    const now = Date.now()
    const offers = ({ actions }: InboxItem) => actions?.some(({ name }) => name === action)
    const one = await changeOne(owner, id, (item) => (offers(item) ? actionOf(item, action, now) : {}))
    if (!offers(one.item)) throw noItem()
    const { item, change } = one
    const groups = grouped([one])
    const counts = await countsOf(owner)
    const told = groups.map((group) => ({
      ...group,
      change: change.acted ? { ...change, acted: item.acted } : change,
    }))
    await Promise.all([
      announce.changed(owner, told, counts),
      announce.happened(
        owner,
        groups.map(({ items }) =>
          change.acted ? { kind: 'acted', items, action } : { kind: 'read', items },
        ),
      ),
    ])
    return { item, counts }
  }

  /** Deletes an item. Throws `not_found`. */
  const remove = async (owner: Owner, id: string): Promise<{ counts: Counts }> => {
    const item = await find(owner, id)
    await inbox.remove(owner, [id])
    const counts = await countsOf(owner)
    await Promise.all([
      alarm.cancel(owner, item.snoozedUntil === null ? [] : [item]),
      announce.removed(owner, item, counts),
      announce.happened(owner, [{ kind: 'deleted', items: [item] }]),
    ])
    return { counts }
  }

  return {
    patch: patchItem,
    seen,
    all,
    act,
    remove,
    /** Counts to the end, in the background, and tells the user's apps; for counts that are not complete. */
    recount,
    /** An app of the user's says these items arrived. Returns at once; see createReceipts. */
    received: receipts.add,
    /** Resolves when everything handed to `received` is written. */
    settled: receipts.settled,
  }
}

export type Verbs = ReturnType<typeof createVerbs>
