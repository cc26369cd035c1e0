import type { CategoryDefinition } from '@carillon/schemas'
import type { Categories } from '../ports/categories.ts'
import type { Session } from './session.ts'

type Row = { content: string }

const read = ({ content }: Row): CategoryDefinition => JSON.parse(content)

export const sqliteCategories = (session: Session): Categories => ({
  put: (tenant, category) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO categories (tenant, key, content) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET content = excluded.content`,
        [tenant, category.key, JSON.stringify(category)],
      )
    }),

  get: async (tenant, key) => {
    const query = 'SELECT content FROM categories WHERE tenant = ? AND key = ?'
    const row = await session.get<Row>(query, [tenant, key])
    return row && read(row)
  },

  list: async (tenant) => {
    const query = 'SELECT content FROM categories WHERE tenant = ? ORDER BY key'
    return (await session.all<Row>(query, [tenant])).map(read)
  },

  remove: (tenant, key) =>
    session.write(({ run }) => {
      run('DELETE FROM categories WHERE tenant = ? AND key = ?', [tenant, key])
    }),
})
