import type { CategoryDefinition } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import type { Categories } from '../ports/categories.ts'
import type { Session } from './session.ts'

const read = (row: types.Row): CategoryDefinition => JSON.parse(String(row.content))

/** Stores the categories of a tenant in one partition, ordered by key. */
export const cassandraCategories = (session: Session): Categories => {
  const categories = session.table('categories')
  return {
    put: (tenant, category) =>
      session.write([
        {
          query: `INSERT INTO ${categories} (tenant, key, content) VALUES (?, ?, ?)`,
          params: [tenant, category.key, JSON.stringify(category)],
        },
      ]),

    get: async (tenant, key) => {
      const query = `SELECT content FROM ${categories} WHERE tenant = ? AND key = ?`
      const [row] = await session.rows(query, [tenant, key])
      return row && read(row)
    },

    list: async (tenant) => {
      const query = `SELECT content FROM ${categories} WHERE tenant = ?`
      return (await session.rows(query, [tenant])).map(read)
    },

    remove: (tenant, key) =>
      session.write([
        { query: `DELETE FROM ${categories} WHERE tenant = ? AND key = ?`, params: [tenant, key] },
      ]),
  }
}
