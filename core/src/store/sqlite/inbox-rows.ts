import { hash } from 'node:crypto'
import type { InboxContent, ItemLabels } from '@carillon/schemas'
import { entityNameOf } from '../inbox/entity-name.ts'
import { groupNameOf } from '../inbox/group-name.ts'
import { parseLabels } from '../inbox/labels.ts'
import type { Row, RowChange, StateCells } from '../inbox/rows.ts'
import type { Value } from './session.ts'

/** A row as returned by SQLite. `id` is upper-case hexadecimal; `row` is null once the item is removed. */
type SqlRow = [
  place: number,
  id: string,
  expiresAt: number,
  row: number | null,
  labels: string | null,
  acted: string | null,
  receivedAt: number | null,
  seenAt: number | null,
  readAt: number | null,
  archivedAt: number | null,
  snoozedUntil: number | null,
  clickedAt: number | null,
  content?: string | null,
]

const COLUMNS: Record<keyof StateCells, string> = {
  receivedAt: 'received_at',
  seenAt: 'seen_at',
  readAt: 'read_at',
  archivedAt: 'archived_at',
  snoozedUntil: 'snoozed_until',
  clickedAt: 'clicked_at',
}

const CELLS = Object.keys(COLUMNS) as (keyof StateCells)[]

const VALUES = `i.place, hex(i.id), i.expires_at, i.content, i.labels, i.acted,
  i.received_at, i.seen_at, i.read_at, i.archived_at, i.snoozed_until, i.clicked_at`

/** The content of `inbox AS i`: its own, or the shared copy. */
const CONTENT = `coalesce(
  (SELECT content FROM inbox_content AS c WHERE c.row = i.content),
  (SELECT content FROM shared_contents AS s WHERE s.row = -i.content))`

/**
 * Selects rows of `inbox AS i` as one JSON text, because an object per row would take three times as long.
 * `from` is the rest of the query. SQLite keeps the order of a subquery with LIMIT that `group_concat` reads; the
 * contract tests assert it.
 */
export const selectRows = (content: boolean, from: string): string =>
  `SELECT group_concat(value, ',') AS text
   FROM (SELECT json_array(${VALUES}${content ? `, ${CONTENT}` : ''}) AS value FROM ${from})`

/** The number of an inbox, by tenant and user. */
export const OWNER = '(SELECT id FROM owners WHERE tenant = ? AND user = ?)'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Returns a stored id; empty for anything that is not an id. */
export const bytesOf = (id: string): Buffer => Buffer.from(UUID.test(id) ? id.replaceAll('-', '') : '', 'hex')

/** Returns an id from its stored bytes as upper-case hexadecimal. */
export const idOf = (upperHex: string): string => {
  const hex = upperHex.toLowerCase()
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Returns the stored labels: null for the many items without labels. */
export const labelsOf = ({ category, tags, context, group, type, display }: InboxContent): string | null =>
  !tags?.length && [category, context, group, display].every((label) => label === undefined)
    ? null
    : JSON.stringify({ category, tags, context, group, type: group && type, display } satisfies ItemLabels)

/** Returns the stored name of a group: 16 bytes. */
export const groupBytes = (name: string): Buffer => hash('sha256', name, 'buffer').subarray(0, 16)

/** Returns the stored name of the group of an item; null for the many items without a group. */
export const groupCell = (content: InboxContent): Buffer | null => {
  const name = groupNameOf(content)
  return name === undefined ? null : groupBytes(name)
}

/** Returns the stored name of the entity of an item; null for the many items without an entity. */
export const entityCell = (content: InboxContent): Buffer | null => {
  const name = entityNameOf(content)
  return name === undefined ? null : groupBytes(name)
}

/** Returns 1 for an item with a `display`; null for the many items without one. */
export const announcedCell = ({ display }: InboxContent): 1 | null => (display === undefined ? null : 1)

const rowOf = (sql: SqlRow): Row => {
  const [
    place,
    id,
    expiresAt,
    row,
    labels,
    acted,
    receivedAt,
    seenAt,
    readAt,
    archivedAt,
    snoozedUntil,
    clickedAt,
    content,
  ] = sql
  const { category, tags, context, group, type, display } = parseLabels(labels)
  return {
    category,
    tags,
    context,
    group,
    type,
    display,
    place,
    id: idOf(id),
    expiresAt,
    removed: row === null,
    cells: { receivedAt, seenAt, readAt, archivedAt, snoozedUntil, clickedAt },
    acted: acted === null ? undefined : (JSON.parse(acted) as Record<string, number>),
    content: content ?? undefined,
  }
}

/** Returns the rows in the text of `selectRows`, in the same order; the text is null if there are none. */
export const rowsOf = (text: string | null | undefined): Row[] =>
  (JSON.parse(`[${text ?? ''}]`) as SqlRow[]).map(rowOf)

/**
 * Returns the assignments of an UPDATE; undefined if there are none. Cells derived from marks do not
 * overwrite later writes.
 */
export const assignments = ({
  cells,
  acted,
  settled = {},
  from,
}: RowChange): { set: string; values: Value[] } | undefined => {
  const set: string[] = []
  const values: Value[] = []
  for (const cell of CELLS) {
    const column = COLUMNS[cell]
    const time = cells[cell]
    const weak = settled[cell]
    if (time !== undefined) {
      set.push(`${column} = ?`)
      values.push(time)
    } else if (weak !== undefined) {
      set.push(`${column} = CASE WHEN ${column} IS ? THEN ? ELSE ${column} END`)
      values.push(from[cell], weak)
    }
  }
  if (acted) {
    set.push("acted = json_patch(coalesce(acted, '{}'), ?)")
    values.push(JSON.stringify(acted))
  }
  return set.length === 0 ? undefined : { set: set.join(', '), values }
}
