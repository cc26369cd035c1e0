import type { InboxContent, InboxItem, ItemLabels } from '@carillon/schemas'
import { uuid7Time } from '../../notification/ids.ts'
import type { Inbox, Owner } from '../ports/inbox.ts'
import { effective, latestMark, settledCells } from './effective.ts'
import { inboxItem } from './items.ts'
import { type Guide, HINT_KINDS, type InboxRows, type Row } from './rows.ts'

/** The new content of an item. `at`: the version of the content, epoch ms. `expiresAt`: when the item expires, epoch ms. */
export type NewContent = { content: InboxContent; at: number; expiresAt: number }

/** An item that exists, with its content. */
export type FullRow = Row & { content: string }

/** Reports whether an item exists. */
export const isLive = (row: Row, now: number): row is FullRow =>
  !row.removed && row.expiresAt > now && row.content !== undefined

/** Returns the version of an item's content: when its notification was accepted, or its content replaced, epoch ms. */
export const versionOf = ({ id }: Pick<Row, 'id'>, { updatedAt }: Pick<InboxContent, 'updatedAt'>): number =>
  updatedAt === undefined ? (uuid7Time(id) ?? 0) : Date.parse(updatedAt)

const labelsOf = ({ category, tags, context, group, type }: ItemLabels) =>
  JSON.stringify([category, tags ?? [], context ?? '', group?.key, group && type])

/** Returns `content` as a new version of `before`: with the same `createdAt`, and updated at `at` (epoch ms). */
export const replacing = (content: InboxContent, before: InboxContent, at: number): InboxContent => ({
  ...content,
  createdAt: before.createdAt,
  updatedAt: new Date(at).toISOString(),
})

/**
 * Replaces the content of an item in place, unless newer content was written. The item keeps its place and state. Returns the
 * item.
 *
 * New labels can move the item into other lists. A revival is stored first, so that readers of these lists check the item even
 * if their hints exclude it. The current state is stored too, so that earlier marks for the new labels do not change it.
 */
export const rewriteRow = async (
  rows: InboxRows,
  owner: Owner,
  guide: Guide,
  row: FullRow,
  { content, at, expiresAt }: NewContent,
): Promise<InboxItem> => {
  const now = Date.now()
  const { place, id } = row
  const before = JSON.parse(row.content) as InboxContent
  const cells = effective(row, guide.marks, now)
  if (labelsOf(before) !== labelsOf(content)) {
    await rows.addRevivals(
      owner,
      HINT_KINDS.map((kind) => ({ kind, place, id, at: now })),
    )
    const settled = settledCells(row, {}, guide.marks, content)
    if (settled)
      await rows.change(owner, [
        { place, id, cells: {}, settled, from: row.cells, settledAt: latestMark(guide.marks) + 1 },
      ])
  }
  await rows.rewrite(owner, [{ place, id, content, at, expiresAt }])
  return inboxItem(row, JSON.stringify(content), cells)
}

/** Implements `Inbox.rewrite`. */
export const createRewrite =
  (rows: InboxRows): Inbox['rewrite'] =>
  async (owner, ids, contentFor, at) => {
    if (ids.length === 0) return []
    const [found, guide] = await Promise.all([rows.items(owner, ids, true), rows.guide(owner)])
    const items: InboxItem[] = []
    const now = Date.now()
    for (const row of found) {
      if (!isLive(row, now)) continue
      const before = JSON.parse(row.content) as InboxContent
      const version = versionOf(row, before)
      if (before.updatedAt !== undefined && version === at)
        items.push(inboxItem(row, row.content, effective(row, guide.marks, now)))
      if (before.updatedAt !== undefined && version >= at) continue
      const content = contentFor(before, row.id)
      if (!content) continue
      // The time in the id of a first version may be ahead of the clock.
      const written = Math.max(at, version + 1)
      const next = { content: replacing(content, before, written), at: written, expiresAt: row.expiresAt }
      items.push(await rewriteRow(rows, owner, guide, row, next))
    }
    return items
  }
