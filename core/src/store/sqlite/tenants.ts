import type { ApiKey, Seal, Tenant, Tenants } from '../port.ts'
import type { Session } from './session.ts'

export const sqliteTenants = (session: Session, seal: Seal): Tenants => ({
  put: ({ id, secrets, createdAt }) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO tenants (id, secrets, created_at) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET secrets = excluded.secrets, created_at = excluded.created_at`,
        [id, seal.seal(JSON.stringify(secrets), `tenant:${id}`), createdAt],
      )
    }),

  get: async (id) => {
    const row = await session.get<{ secrets: string; createdAt: string }>(
      'SELECT secrets, created_at AS createdAt FROM tenants WHERE id = ?',
      [id],
    )
    if (!row) return
    const secrets = JSON.parse(seal.open(row.secrets, `tenant:${id}`)) as Tenant['secrets']
    return { id, secrets, createdAt: row.createdAt }
  },

  list: async () =>
    (await session.all<{ id: string }>('SELECT id FROM tenants ORDER BY id', [])).map(({ id }) => id),

  putKey: (key) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO api_keys (tenant, id, content) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET content = excluded.content`,
        [key.tenant, key.id, JSON.stringify(key)],
      )
    }),

  key: async (tenant, id) => {
    const sql = 'SELECT content FROM api_keys WHERE tenant = ? AND id = ?'
    const row = await session.get<{ content: string }>(sql, [tenant, id])
    return row && (JSON.parse(row.content) as ApiKey)
  },

  keys: async (tenant) => {
    const rows = await session.all<{ content: string }>('SELECT content FROM api_keys WHERE tenant = ?', [
      tenant,
    ])
    return rows.map(({ content }) => JSON.parse(content) as ApiKey)
  },
})
