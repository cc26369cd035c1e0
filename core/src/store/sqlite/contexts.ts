import type { Contexts } from '../ports/contexts.ts'
import { readContext } from '../rules/context-row.ts'
import type { Session, Write } from './session.ts'

type Row = { key: string; content: string }

const ONE = 'SELECT key, content FROM contexts WHERE tenant = ? AND key = ?'

export const sqliteContexts = (session: Session): Contexts => {
  /** Reports whether the context has the expected revision. True if none is expected. */
  const isExpected = (write: Write, tenant: string, key: string, expected: string | undefined) => {
    if (expected === undefined) return true
    const row = write.first<Row>(ONE, [tenant, key])
    return row !== undefined && readContext(tenant, key, row.content).revision === expected
  }

  return {
    put: (tenant, key, settings, expected) =>
      session.write((write) => {
        if (!isExpected(write, tenant, key, expected)) return undefined
        const content = JSON.stringify(settings)
        write.run(
          `INSERT INTO contexts (tenant, key, content) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET content = excluded.content`,
          [tenant, key, content],
        )
        return readContext(tenant, key, content)
      }),

    get: async (tenant, keys) => {
      const rows = await session.all<Row>(
        'SELECT key, content FROM contexts WHERE tenant = ? AND key IN (SELECT value FROM json_each(?))',
        [tenant, JSON.stringify(keys)],
      )
      return new Map(rows.map(({ key, content }) => [key, readContext(tenant, key, content)]))
    },

    list: async (tenant, { after = '', limit }) => {
      const rows = await session.all<Row>(
        'SELECT key, content FROM contexts WHERE tenant = ? AND key > ? ORDER BY key LIMIT ?',
        [tenant, after, limit],
      )
      const last = rows.at(-1)
      return {
        contexts: rows.map(({ key, content }) => readContext(tenant, key, content)),
        ...(last && rows.length === limit ? { next: last.key } : {}),
      }
    },

    remove: (tenant, key, expected) =>
      session.write((write) => {
        if (!isExpected(write, tenant, key, expected)) return false
        write.run('DELETE FROM contexts WHERE tenant = ? AND key = ?', [tenant, key])
        return true
      }),
  }
}
