import { TenantLimits, TenantSettings } from '@carillon/schemas'
import type { Seal } from '../../security/seal.ts'
import type { ApiKey, Tenants } from '../ports/tenants.ts'
import { stored } from '../rules/damaged-row.ts'
import { openTenant, sealTenant } from '../rules/sealed.ts'
import type { Session } from './session.ts'

/** All tenants share one partition, because they are few and listed together. */
const LIST = 0

export const cassandraTenants = (session: Session, seal: Seal): Tenants => {
  const tenants = session.table('tenants')
  const keys = session.table('api_keys')
  return {
    put: (tenant) =>
      session.write([
        {
          query: `INSERT INTO ${tenants} (list, id, secrets, created_at) VALUES (?, ?, ?, ?)`,
          params: [LIST, tenant.id, sealTenant(seal, tenant), tenant.createdAt],
        },
      ]),

    putSettings: (id, settings) =>
      session.write([
        {
          query: `UPDATE ${tenants} SET settings = ? WHERE list = ? AND id = ?`,
          params: [JSON.stringify(settings), LIST, id],
        },
      ]),

    putLimits: (id, limits) =>
      session.write([
        {
          query: `UPDATE ${tenants} SET limits = ? WHERE list = ? AND id = ?`,
          params: [JSON.stringify(limits), LIST, id],
        },
      ]),

    get: async (id) => {
      const [row] = await session.rows(
        `SELECT secrets, created_at, settings, limits FROM ${tenants} WHERE list = ? AND id = ?`,
        [LIST, id],
      )
      return (
        row && {
          id,
          ...openTenant(seal, id, String(row.secrets)),
          createdAt: String(row.created_at),
          settings: stored(TenantSettings, String(row.settings ?? '{}'), `the settings of tenant ${id}`),
          limits: stored(TenantLimits, String(row.limits ?? '{}'), `the limits of tenant ${id}`),
        }
      )
    },

    list: async () => {
      const rows = await session.rows(`SELECT id FROM ${tenants} WHERE list = ?`, [LIST])
      return rows.map((row) => String(row.id))
    },

    putKey: (key) =>
      session.write([
        {
          query: `INSERT INTO ${keys} (tenant, id, content) VALUES (?, ?, ?)`,
          params: [key.tenant, key.id, JSON.stringify(key)],
        },
      ]),

    key: async (tenant, id) => {
      const [row] = await session.rows(`SELECT content FROM ${keys} WHERE tenant = ? AND id = ?`, [
        tenant,
        id,
      ])
      return row && (JSON.parse(String(row.content)) as ApiKey)
    },

    keys: async (tenant) => {
      const rows = await session.rows(`SELECT content FROM ${keys} WHERE tenant = ?`, [tenant])
      return rows.map((row) => JSON.parse(String(row.content)) as ApiKey)
    },
  }
}
