import type { StoredType } from '@carillon/schemas'
import type { Types } from '../ports/types.ts'
import type { Session } from './session.ts'

export const sqliteTypes = (session: Session): Types => ({
  put: (tenant, type) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO types (tenant, key, content) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET content = excluded.content`,
        [tenant, type.key, JSON.stringify(type)],
      )
    }),

  get: async (tenant, key) => {
    const sql = 'SELECT content FROM types WHERE tenant = ? AND key = ?'
    const row = await session.get<{ content: string }>(sql, [tenant, key])
    return row && (JSON.parse(row.content) as StoredType)
  },

  list: async (tenant) => {
    const rows = await session.all<{ content: string }>(
      'SELECT content FROM types WHERE tenant = ? ORDER BY key',
      [tenant],
    )
    return rows.map(({ content }) => JSON.parse(content) as StoredType)
  },
})
