import { TenantLimits } from '@carillon/schemas'
import type { Seal } from '../../security/seal.ts'
import type { ApiKey, Tenants } from '../ports/tenants.ts'
import { stored } from '../rules/damaged-row.ts'
import { settingsRevision } from '../rules/revision.ts'
import { openTenant, sealTenant } from '../rules/sealed.ts'
import { readSettings } from '../rules/tenant-row.ts'
import type { Session } from './session.ts'

export const sqliteTenants = (session: Session, seal: Seal): Tenants => ({
  put: (tenant) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO tenants (id, secrets, created_at) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET secrets = excluded.secrets, created_at = excluded.created_at`,
        [tenant.id, sealTenant(seal, tenant), tenant.createdAt],
      )
    }),

  putSettings: (id, settings, expected) =>
    session.write(({ run, first }) => {
      const row = first<{ settings: string }>('SELECT settings FROM tenants WHERE id = ?', [id])
      if (!row || (expected !== undefined && settingsRevision(readSettings(id, row.settings)) !== expected))
        return false
      run('UPDATE tenants SET settings = ? WHERE id = ?', [JSON.stringify(settings), id])
      return true
    }),

  putLimits: (id, limits) =>
    session.write(({ run }) => {
      run('UPDATE tenants SET limits = ? WHERE id = ?', [JSON.stringify(limits), id])
    }),

  get: async (id) => {
    const row = await session.get<{ secrets: string; createdAt: string; settings: string; limits: string }>(
      'SELECT secrets, created_at AS createdAt, settings, limits FROM tenants WHERE id = ?',
      [id],
    )
    return (
      row && {
        id,
        ...openTenant(seal, id, row.secrets),
        createdAt: row.createdAt,
        settings: readSettings(id, row.settings),
        limits: stored(TenantLimits, row.limits, `the limits of tenant ${id}`),
      }
    )
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
