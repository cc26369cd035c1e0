import type { CategoryDefinition } from '@carillon/schemas'
import type { Categories } from '../ports/categories.ts'
import { revisionOf } from '../rules/revision.ts'
import type { Session, Write } from './session.ts'

type Row = { content: string }

const ONE = 'SELECT content FROM categories WHERE tenant = ? AND key = ?'

const read = ({ content }: Row): CategoryDefinition => JSON.parse(content)

/** Reports whether the category has the expected revision. True if none is expected. */
const isExpected = ({ first }: Write, tenant: string, key: string, expected: string | undefined) => {
  if (expected === undefined) return true
  const row = first<Row>(ONE, [tenant, key])
  return row !== undefined && revisionOf(row.content) === expected
}

export const sqliteCategories = (session: Session): Categories => ({
  put: (tenant, category, expected) =>
    session.write((write) => {
      if (!isExpected(write, tenant, category.key, expected)) return false
      write.run(
        `INSERT INTO categories (tenant, key, content) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET content = excluded.content`,
        [tenant, category.key, JSON.stringify(category)],
      )
      return true
    }),

  get: async (tenant, key) => {
    const row = await session.get<Row>(ONE, [tenant, key])
    return row && read(row)
  },

  list: async (tenant) => {
    const query = 'SELECT content FROM categories WHERE tenant = ? ORDER BY key'
    return (await session.all<Row>(query, [tenant])).map(read)
  },

  remove: (tenant, key, expected) =>
    session.write((write) => {
      if (!isExpected(write, tenant, key, expected)) return false
      write.run('DELETE FROM categories WHERE tenant = ? AND key = ?', [tenant, key])
      return true
    }),
})
