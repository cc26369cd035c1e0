import type { CategoryDefinition } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import type { Categories } from '../ports/categories.ts'
import { revisionOf } from '../rules/revision.ts'
import { compareAndSet } from './compare-and-set.ts'
import type { Session } from './session.ts'

const read = (row: types.Row): CategoryDefinition => JSON.parse(String(row.content))

/** Stores the categories of a tenant in one partition, ordered by key. Writes compare and set. */
export const cassandraCategories = (session: Session): Categories => {
  const table = session.table('categories')
  const categories = compareAndSet(session, table, ['tenant', 'key'], revisionOf)
  return {
    put: (tenant, category, expected) =>
      categories.put([tenant, category.key], JSON.stringify(category), expected),

    get: async (tenant, key) => {
      const query = `SELECT content FROM ${table} WHERE tenant = ? AND key = ?`
      const [row] = await session.rows(query, [tenant, key])
      return row && read(row)
    },

    list: async (tenant) => {
      const query = `SELECT content FROM ${table} WHERE tenant = ?`
      return (await session.rows(query, [tenant])).map(read)
    },

    remove: (tenant, key, expected) => categories.remove([tenant, key], expected),
  }
}
