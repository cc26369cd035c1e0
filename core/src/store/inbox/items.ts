import type { GroupMember, InboxContent, InboxItem, StateChange } from '@carillon/schemas'
import type { Cells } from './effective.ts'
import type { Row, StateCells } from './rows.ts'

const timestamp = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

const actedOf = (acted: Record<string, number>): Record<string, string> =>
  Object.fromEntries(Object.entries(acted).map(([name, at]) => [name, new Date(at).toISOString()]))

/** Returns an item as the API shows it. Times are in UTC with milliseconds. */
export const inboxItem = (row: Row, content: string, cells: Cells): InboxItem =>
  // A spread of parsed JSON takes four times as long.
  Object.assign(JSON.parse(content) as InboxContent, {
    id: row.id,
    arrivedAt: new Date(row.place).toISOString(),
    receivedAt: timestamp(cells.receivedAt),
    seenAt: timestamp(cells.seenAt),
    readAt: timestamp(cells.readAt),
    archivedAt: timestamp(cells.archivedAt),
    snoozedUntil: timestamp(cells.snoozedUntil),
    acted: row.acted ? actedOf(row.acted) : {},
    ...(cells.clickedAt !== null && { clickedAt: new Date(cells.clickedAt).toISOString() }),
  })

const memberOf = ({
  id,
  title,
  url,
  image,
  actor,
  createdAt,
  arrivedAt = createdAt,
  readAt,
}: InboxItem): GroupMember => ({
  ...{ id, title, url, image, actor, createdAt, arrivedAt, readAt },
})

/** Returns an item that stands for its group, with the summary. */
export const grouped = (
  item: InboxItem,
  { count, unread, more }: { count: number; unread: number; more: boolean },
  newest: readonly InboxItem[],
): InboxItem => {
  const { key = '' } = item.group ?? {}
  const group = { key, count, unread, ...(more ? { more: true as const } : {}), newest: newest.map(memberOf) }
  return { ...item, group }
}

const UNDOABLE = ['receivedAt', 'seenAt', 'readAt', 'archivedAt'] as const

/** Returns the cells that a change writes. A cleared state is reset at `at` (epoch ms). */
export const cellsOf = (change: StateChange, at: number): Partial<StateCells> => {
  const cells: Partial<StateCells> = {}
  for (const cell of UNDOABLE) {
    const time = change[cell]
    if (time !== undefined) cells[cell] = time === null ? -at : Date.parse(time)
  }
  const { snoozedUntil, clickedAt } = change
  if (snoozedUntil !== undefined) cells.snoozedUntil = snoozedUntil === null ? 0 : Date.parse(snoozedUntil)
  if (clickedAt !== undefined) cells.clickedAt = Date.parse(clickedAt)
  return cells
}
