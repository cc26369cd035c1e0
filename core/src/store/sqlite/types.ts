import type { Types } from '../ports/types.ts'
import { isSameType, readType, typeText } from '../rules/type-version.ts'
import type { Session } from './session.ts'

type Row = { version: number; content: string }

const IN_FORCE =
  'SELECT version, content FROM types WHERE tenant = ? AND key = ? ORDER BY version DESC LIMIT 1'

export const sqliteTypes = (session: Session): Types => ({
  put: (tenant, type) =>
    session.write(({ run, first }) => {
      const current = first<Row>(IN_FORCE, [tenant, type.key])
      if (current && isSameType(current.content, type)) return readType(current.content, current.version)
      const version = (current?.version ?? 0) + 1
      run('INSERT INTO types (tenant, key, version, content, published_at) VALUES (?, ?, ?, ?, ?)', [
        ...[tenant, type.key, version, typeText(type)],
        Date.now(),
      ])
      return readType(typeText(type), version)
    }),

  get: async (tenant, key, version) => {
    const row =
      version === undefined
        ? await session.get<Row>(IN_FORCE, [tenant, key])
        : await session.get<Row>(
            'SELECT version, content FROM types WHERE tenant = ? AND key = ? AND version = ?',
            [tenant, key, version],
          )
    return row && readType(row.content, row.version)
  },

  list: async (tenant) => {
    // With max(), SQLite takes the other columns from the row that holds the maximum.
    const rows = await session.all<Row>(
      'SELECT key, max(version) AS version, content FROM types WHERE tenant = ? GROUP BY key ORDER BY key',
      [tenant],
    )
    return rows.map(({ content, version }) => readType(content, version))
  },
})
