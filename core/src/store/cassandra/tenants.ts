import type { ApiKey, Seal, Tenant, Tenants } from '../port.ts'
import type { Session } from './session.ts'

/** Tenants are few and listed together, so they share one partition. */
const LIST = 0

export const cassandraTenants = (session: Session, seal: Seal): Tenants => {
  const tenants = session.table('tenants')
  const keys = session.table('api_keys')
  return {
    put: ({ id, secrets, createdAt }) =>
      session.write([
        {
          query: `INSERT INTO ${tenants} (list, id, secrets, created_at) VALUES (?, ?, ?, ?)`,
          params: [LIST, id, seal.seal(JSON.stringify(secrets), `tenant:${id}`), createdAt],
        },
      ]),

    get: async (id) => {
      const [row] = await session.rows(
        `SELECT secrets, created_at FROM ${tenants} WHERE list = ? AND id = ?`,
        [LIST, id],
      )
      if (!row) return
      const secrets = JSON.parse(seal.open(String(row.secrets), `tenant:${id}`)) as Tenant['secrets']
      return { id, secrets, createdAt: String(row.created_at) }
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
