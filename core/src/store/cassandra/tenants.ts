import { TenantLimits } from '@carillon/schemas'
import type { Seal } from '../../security/seal.ts'
import type { ApiKey, Tenants } from '../ports/tenants.ts'
import { stored } from '../rules/damaged-row.ts'
import { settingsRevision } from '../rules/revision.ts'
import { openTenant, sealTenant } from '../rules/sealed.ts'
import { readSettings } from '../rules/tenant-row.ts'
import type { Session } from './session.ts'

/** All tenants share one partition, because they are few and listed together. */
const LIST = 0

export const cassandraTenants = (session: Session, seal: Seal): Tenants => {
  const tenants = session.table('tenants')
  const keys = session.table('api_keys')
  const putSettings: Tenants['putSettings'] = async (id, settings, expected) => {
    const text = JSON.stringify(settings)
    const update = `UPDATE ${tenants} SET settings = ? WHERE list = ? AND id = ?`
    if (expected === undefined)
      return (await session.claim(`${update} IF EXISTS`, [text, LIST, id])) === undefined
    const [row] = await session.rows(`SELECT settings FROM ${tenants} WHERE list = ? AND id = ?`, [LIST, id])
    const current: string | null = row?.settings ?? null
    if (!row || settingsRevision(readSettings(id, current ?? '{}')) !== expected) return false
    const taken = await session.claim(`${update} IF settings = ?`, [text, LIST, id, current])
    return taken ? putSettings(id, settings, expected) : true
  }

  return {
    putSettings,

    put: (tenant) =>
      session.write([
        {
          query: `INSERT INTO ${tenants} (list, id, secrets, created_at) VALUES (?, ?, ?, ?)`,
          params: [LIST, tenant.id, sealTenant(seal, tenant), tenant.createdAt],
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
          settings: readSettings(id, String(row.settings ?? '{}')),
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
