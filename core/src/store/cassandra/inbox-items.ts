import { groupedSlices } from '../../group-by.ts'
import type { InboxRows, Row } from '../inbox/rows.ts'
import type { Owner } from '../ports/inbox.ts'
import type { Contents } from './contents.ts'
import { type ItemRow, itemRow, PARTITION, ROW } from './inbox-row.ts'
import { datedIds } from './months.ts'
import { forEach, type Session } from './session.ts'

const IDS_PER_QUERY = 128

const byMonth = (ids: readonly string[]) =>
  groupedSlices(datedIds(ids), ({ month }) => month, IDS_PER_QUERY).map(([month, some]) => ({
    month,
    some: some.map(({ id }) => id),
  }))

/** Reads items by their ids. */
export const createItemReads = (session: Session, contents: Contents) => {
  const inbox = session.table('inbox')

  const itemRows = async ({ tenant, user }: Owner, ids: readonly string[], content: boolean) => {
    const query = `SELECT ${ROW}${content ? ', content' : ''} FROM ${inbox} WHERE ${PARTITION} AND place = 0 AND id IN ?`
    const found: ItemRow[] = []
    await forEach(byMonth(ids), async ({ month, some }) => {
      for (const row of await session.rows(query, [tenant, user, month, some])) {
        const item = itemRow(row)
        if (item) found.push(item)
      }
    })
    return found
  }

  /** Adds the content that several items share. */
  const withShared = async ({ tenant }: Owner, rows: readonly ItemRow[]): Promise<Row[]> => {
    const refs = rows.flatMap(({ ref, content }) => (ref !== null && content === undefined ? [ref] : []))
    if (refs.length === 0) return [...rows]
    const shared = await contents.get(tenant, refs)
    return rows.map((row) => {
      const found = row.ref === null ? undefined : shared.get(row.ref)
      if (!found) return row
      if (found.recalled) return { ...row, removed: true, recalled: true as const }
      if (found.content === null) return { ...row, removed: true }
      return { ...row, content: row.content ?? found.content }
    })
  }

  const items: InboxRows['items'] = async (owner, ids, content) => {
    const rows = await itemRows(owner, ids, content)
    return content ? withShared(owner, rows) : rows
  }

  return { items, withShared }
}
