import type { StoredType } from '@carillon/schemas'
import type { Types } from '../ports/types.ts'
import type { Session } from './session.ts'

export const cassandraTypes = (session: Session): Types => {
  const types = session.table('types')
  return {
    put: (tenant, type) =>
      session.write([
        {
          query: `INSERT INTO ${types} (tenant, key, content) VALUES (?, ?, ?)`,
          params: [tenant, type.key, JSON.stringify(type)],
        },
      ]),

    get: async (tenant, key) => {
      const [row] = await session.rows(`SELECT content FROM ${types} WHERE tenant = ? AND key = ?`, [
        tenant,
        key,
      ])
      return row && (JSON.parse(String(row.content)) as StoredType)
    },

    list: async (tenant) => {
      const rows = await session.rows(`SELECT content FROM ${types} WHERE tenant = ?`, [tenant])
      return rows.map((row) => JSON.parse(String(row.content)) as StoredType)
    },
  }
}
