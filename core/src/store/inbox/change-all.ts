import { changeOf, hasLabels, hasStatus, type ItemPatch } from '@carillon/schemas'
import { uuid7Time } from '../../notification/ids.ts'
import type {
  AllVerb,
  BulkFilter,
  ChangedAll,
  ChangedItem,
  Inbox,
  InboxPlace,
  Owner,
} from '../ports/inbox.ts'
import { changeRows } from './changes.ts'
import { type Cells, latestMark } from './effective.ts'
import { hintsOfMark } from './hints.ts'
import type { Limits } from './limits.ts'
import { above, comparePlaces } from './places.ts'
import type { Guide, HintKind, InboxRows, Mark, Row } from './rows.ts'
import { openScans, type Query, scan } from './scan.ts'

const LIST: Record<AllVerb, HintKind> = { read: 'unread', seen: 'unseen', archived: 'active' }

/**
 * Returns a time later than every mark and revival of the inbox, whatever the clocks of the processes that
 * wrote them.
 */
const timeOf = ({ marks, revivals }: Guide, now: number): number =>
  revivals.reduce(
    (latest, { kind, at }) => (kind === 'snoozed' ? latest : Math.max(latest, at)),
    Math.max(now, latestMark(marks) + 1),
  )

/** Returns the place of the last item to change. */
const placeOf = async (rows: InboxRows, owner: Owner, through: string): Promise<InboxPlace> => {
  const [row] = await rows.items(owner, [through], false)
  return { place: row?.place ?? uuid7Time(through) ?? 0, id: through }
}

/**
 * Finds the items to change one by one: all of them if they are few, otherwise those above the floor of the
 * mark.
 */
const find = async (
  rows: InboxRows,
  owner: Owner,
  verb: AllVerb,
  { through, status, ...filter }: BulkFilter & { through?: string },
  now: number,
  limits: Limits,
) => {
  const list = LIST[verb]
  const end = through === undefined ? undefined : await placeOf(rows, owner, through)
  let query: Query = { kind: list, below: end && above(end.place), most: limits.rows }
  const open = () =>
    openScans(
      rows,
      owner,
      [list],
      { below: query.below, limit: limits.singly + 28, contents: limits.singly },
      now,
    )
  const opened = await open()
  const floor = Math.min(rows.settledPlace(), end ? end.place - 1 : Number.MAX_SAFE_INTEGER)
  const found: Row[] = []
  const visit = (row: Row, cells: Cells): boolean => {
    const isMeant = hasStatus(list, cells, now) && (!status || hasStatus(status, cells, now))
    if (isMeant && hasLabels(row, filter) && !(end && comparePlaces(row, end) > 0)) found.push(row)
    // Everything above the floor has to be checked.
    return row.place <= floor && found.length > limits.singly
  }
  let scanned = await scan(rows, owner, query, opened, now, visit)
  while (scanned.end === 'cut' && (scanned.last?.place ?? 0) > floor) {
    query = { ...query, below: scanned.last }
    scanned = await scan(rows, owner, query, await open(), now, visit)
  }
  return { guide: opened.guide, found, floor, few: scanned.end === 'done' }
}

/**
 * Applies one verb to every active item that matches. A few items are changed one by one. For more, it writes
 * a mark for everything stored some time ago, and changes items stored since one by one, because nothing is
 * stored below the floor any more.
 */
export const createChangeAll =
  (
    rows: InboxRows,
    settle: (owner: Owner, marks: readonly Mark[]) => void,
    limits: Limits,
  ): Inbox['changeAll'] =>
  async (owner, verb, { at: now = Date.now(), ...query }): Promise<ChangedAll> => {
    const { through: _, ...filter } = query
    const { guide, found, floor, few } = await find(rows, owner, verb, query, now, limits)
    const patch: ItemPatch = { [verb]: true }
    const single = async (some: readonly Row[], at: number): Promise<ChangedItem[]> => {
      if (some.length === 0) return []
      const without = some.filter(({ content }) => content === undefined).map(({ id }) => id)
      const read = without.length === 0 ? [] : await rows.items(owner, without, true)
      const full = [...some.filter(({ content }) => content !== undefined), ...read]
      const all = await changeRows(rows, owner, full, guide, (item) => changeOf(item, patch, at), at)
      return all.filter(({ change }) => Object.keys(change).length > 0)
    }
    if (few) return { items: await single(found, now), all: false }

    const mark: Mark = { kind: verb, at: timeOf(guide, now), floor, ...filter }
    await rows.putMark(owner, mark)
    for (const [kind, hint] of hintsOfMark(mark)) await rows.putHint(owner, kind, hint)
    await single(
      found.filter(({ place }) => place > floor),
      mark.at,
    )
    settle(owner, [...guide.marks, mark])
    return { items: [], all: true }
  }
