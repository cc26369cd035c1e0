import { hash } from 'node:crypto'
import type { InboxContent } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import { entityNameOf } from '../inbox/entity-name.ts'
import { groupNameOf } from '../inbox/group-name.ts'
import { parseLabels } from '../inbox/labels.ts'
import type { Row, StateCells } from '../inbox/rows.ts'

/**
 * The longest month. Rows are kept this much longer than the retention, so that state never expires before
 * the content.
 */
export const MONTH_MS = 31 * 86_400_000

/** One month of one inbox. Item rows have the place 0, log rows the place of their item. */
export const PARTITION = 'tenant = ? AND user = ? AND month = ?'

export const STATE_COLUMNS: Record<keyof StateCells, string> = {
  receivedAt: 'received_at',
  seenAt: 'seen_at',
  readAt: 'read_at',
  archivedAt: 'archived_at',
  snoozedUntil: 'snoozed_until',
  clickedAt: 'clicked_at',
}

export const ROW = `id, stored_at, expires_at, labels, ref, acted, ${Object.values(STATE_COLUMNS).join(', ')}`

/** Converts a bigint column, for which the driver has its own class. */
export const whole = (value: unknown): number | null =>
  value === null || value === undefined ? null : (value as types.Long).toNumber()

/**
 * Returns the cell with the labels of an item, which lists, verbs and counts need without its content;
 * undefined if it has no labels.
 */
export const labelsCell = (content: InboxContent): string | undefined => {
  const { category, tags, context, entity, display, silent, group, type } = content
  const labels = { category, tags, context, entity, display, silent, group, type: group && type }
  const cell = JSON.stringify(labels)
  return cell === '{}' ? undefined : cell
}

/** Returns the stored name of a group, an entity or the announced items: 22 characters. */
export const groupHash = (name: string): string => hash('sha256', name, 'base64url').slice(0, 22)

/** The name of the items with a `display`. It differs from the name of every group and entity. */
export const ANNOUNCED = 'announced'

/** Returns the stored names under which an item is listed: those of its group, its entity, and the announced items. */
export const namesOf = (content: InboxContent): string[] => {
  const names = [groupNameOf(content), entityNameOf(content), content.display && ANNOUNCED]
  return names.flatMap((name) => (name === undefined ? [] : groupHash(name)))
}

const actedOf = (value: unknown): Record<string, number> | undefined =>
  value instanceof Map
    ? Object.fromEntries([...(value as Map<string, Date>)].map(([name, at]) => [name, at.getTime()]))
    : undefined

/** An item row, and the notification whose shared content it uses. */
export type ItemRow = Row & { ref: string | null }

/** Returns undefined for the remaining state of an expired item, which Cassandra drops in time. */
export const itemRow = (row: types.Row): ItemRow | undefined => {
  const place = whole(row.stored_at)
  if (place === null) return undefined
  const { category, tags, context, group, type, display } = parseLabels(row.labels as string | null)
  return {
    category,
    tags,
    context,
    group,
    type,
    display,
    id: String(row.id),
    place,
    expiresAt: whole(row.expires_at) ?? 0,
    removed: false,
    cells: {
      receivedAt: whole(row.received_at),
      seenAt: whole(row.seen_at),
      readAt: whole(row.read_at),
      archivedAt: whole(row.archived_at),
      snoozedUntil: whole(row.snoozed_until),
      clickedAt: whole(row.clicked_at),
    },
    acted: actedOf(row.acted),
    // Empty for an item whose content was rewritten.
    ref: (row.ref as string | null) || null,
    content: (row.content as string | null | undefined) ?? undefined,
  }
}
