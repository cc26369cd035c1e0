import type { Seal } from '../../security/seal.ts'
import type { Suppressions } from '../ports/suppressions.ts'
import { checkSuppressionCursor, openSuppression, sealSuppression, suppressionKey } from '../rules/sealed.ts'
import type { Session } from './session.ts'

type Row = { key: string; content: string }

export const sqliteSuppressions = (session: Session, seal: Seal): Suppressions => ({
  put: (tenant, suppressions) => {
    const rows = suppressions.map((suppression) => {
      const key = suppressionKey(seal, tenant, suppression.channel, suppression.address)
      return [tenant, key, sealSuppression(seal, tenant, key, suppression)]
    })
    return session.write(({ run }) => {
      for (const row of rows)
        run(
          `INSERT INTO suppressions (tenant, key, content) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET content = excluded.content`,
          row,
        )
    })
  },

  find: async (tenant, addresses) => {
    const keys = addresses.map(({ channel, address }) => suppressionKey(seal, tenant, channel, address))
    const rows = await session.all<Row>(
      'SELECT key, content FROM suppressions WHERE tenant = ? AND key IN (SELECT value FROM json_each(?))',
      [tenant, JSON.stringify(keys)],
    )
    const found = new Map(rows.map(({ key, content }) => [key, content]))
    return keys.map((key) => {
      const content = found.get(key)
      return content === undefined ? undefined : openSuppression(seal, tenant, key, content)
    })
  },

  remove: (tenant, addresses) => {
    const keys = addresses.map(({ channel, address }) => suppressionKey(seal, tenant, channel, address))
    return session.write(({ run }) => {
      for (const key of keys) run('DELETE FROM suppressions WHERE tenant = ? AND key = ?', [tenant, key])
    })
  },

  list: async (tenant, { after, limit }) => {
    checkSuppressionCursor(after)
    const rows = await session.all<Row>(
      'SELECT key, content FROM suppressions WHERE tenant = ? AND key > ? ORDER BY key LIMIT ?',
      [tenant, after ?? '', limit],
    )
    const last = rows.at(-1)
    return {
      suppressions: rows.map(({ key, content }) => openSuppression(seal, tenant, key, content)),
      ...(last && rows.length === limit ? { next: last.key } : {}),
    }
  },
})
