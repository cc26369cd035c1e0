import type { InboxContent } from '@carillon/schemas'
import { UnavailableError } from '../../errors.ts'
import { grouped, slices } from '../../group-by.ts'
import { uuid7Time } from '../../notification/ids.ts'
import { CLOCK_TOLERANCE_MS } from '../inbox/rows.ts'
import type { NewItem } from '../ports/inbox.ts'
import { type Contents, refOf } from './contents.ts'
import { labelsCell, namesOf } from './inbox-row.ts'
import { createRowStatements, type Prepared } from './inbox-statements.ts'
import { monthOf } from './months.ts'
import { forEach, type Session } from './session.ts'

/** Number of recipients from which content is stored once. For fewer, a second read costs more than it saves. */
const SHARED_FROM = 17
/** Maximum items of one partition written together, with two statements each. Their rows in groups and entities are as many. */
const TOGETHER = 25
/** A write that took longer than this may have been stored below a place that readers consider settled. */
const LATE_MS = CLOCK_TOLERANCE_MS / 2

const acceptedOf = (id: string): number => {
  const accepted = uuid7Time(id)
  if (accepted === undefined) throw new Error('an item id must be a UUIDv7')
  return accepted
}

/**
 * Writes an item and its log row as one mutation, stamped when it leaves this process. The rows of its group and its entity
 * are written before it, so that every item is found there. Recipients and shared content are also written before it; the
 * recall mark is read after it. A recall sets the mark first and then reads the recipients, so one of the two sees the other.
 */
export const createPut = (
  session: Session,
  retention: number,
  {
    contents,
    keep,
    remove,
  }: {
    contents: Contents
    keep: (items: readonly NewItem[]) => Promise<void>
    remove: (items: readonly NewItem[]) => Promise<void>
  },
) => {
  const { keptUntil, logRow, itemRow, bothRows, groupRows } = createRowStatements(session, retention)

  /**
   * Writes items of one inbox whose ids are in the same month, always with their log rows. Resolves with
   * their place.
   */
  const write = async (some: readonly Prepared[]): Promise<number> => {
    const { month } = some[0]!
    let place = 0
    let current = month
    const items = () => some.map((each) => itemRow(each, place))
    const grouped = some.filter(({ names }) => names.length > 0)
    if (grouped.length > 0)
      await session.writeNow(() => {
        place = Date.now()
        return grouped.flatMap((each) => groupRows(each, place))
      })
    await session.writeNow(() => {
      place ||= Date.now()
      current = monthOf(place)
      if (current === month && some.length === 1) return [bothRows(some[0]!, place)]
      const log = some.map((each) => logRow(each, place, current))
      return current === month ? [...log, ...items()] : log
    })
    if (current !== month) await session.write(items())
    return place
  }

  /**
   * Writes items. If that took long, adds log rows at a later place, because the items may be below the
   * settled place of readers.
   */
  const writeInTime = async (some: readonly Prepared[]) => {
    let place = await write(some)
    if (Date.now() - place <= LATE_MS) return
    await session.writeNow(() => {
      place = Date.now()
      return some.map((each) => logRow(each, place, monthOf(place)))
    })
    const inGroups = some.filter(({ names }) => names.length > 0)
    if (inGroups.length > 0) await session.writeNow(() => inGroups.flatMap((each) => groupRows(each, place)))
    if (Date.now() - place > LATE_MS) throw new UnavailableError('store', new Error('writes take too long'))
  }

  const share = async (content: InboxContent, items: readonly NewItem[], now: number) => {
    const until = Math.max(...items.map((item) => keptUntil(item, now)))
    const [{ tenant, id, rendering }] = items as [NewItem]
    const ref = refOf(content.notification, rendering)
    await contents.put(tenant, ref, JSON.stringify(content), acceptedOf(id), until)
  }

  /** Removes items that were stored after their notification was recalled. Adds them to `removed`. */
  const followRecall = async (items: readonly NewItem[], removed: NewItem[]) => {
    const [{ tenant, content }] = items as [NewItem]
    const { recalled } = await contents.one(tenant, content.notification)
    if (!recalled) return
    removed.push(...items)
    await remove(items)
  }

  return async (items: readonly NewItem[]): Promise<readonly NewItem[]> => {
    const now = Date.now()
    const shared: NewItem[][] = []
    const prepared: Prepared[] = []
    const current = items.filter(({ expiresAt }) => expiresAt > now)
    for (const [content, some] of grouped(current, (item) => item.content)) {
      const apart =
        !some[0]?.personal && (some.length >= SHARED_FROM || some.some(({ keepRecipient }) => keepRecipient))
      if (apart) shared.push(some)
      const cell = apart ? null : JSON.stringify(content)
      const labels = labelsCell(content)
      const names = namesOf(content)
      for (const item of some) {
        const accepted = acceptedOf(item.id)
        prepared.push({ item, accepted, month: monthOf(accepted), content: cell, labels, names })
      }
    }
    const kept = current.filter(({ keepRecipient }) => keepRecipient)
    await keep(kept)
    await forEach(shared, (some) => share(some[0]!.content, some, now))
    const partitions = grouped(prepared, ({ item, month }) => `${item.tenant}\n${item.user}\n${month}`)
    await forEach(
      [...partitions.values()].flatMap((some) => slices(some, TOGETHER)),
      writeInTime,
    )
    const personal = kept.filter(({ personal }) => personal)
    const followed = grouped(
      [...shared.flat(), ...personal],
      ({ tenant, content }) => `${tenant}\n${content.notification}`,
    )
    const removed: NewItem[] = []
    await forEach([...followed.values()], (some) => followRecall(some, removed))
    return removed
  }
}
