import type { Seal } from '../../security/seal.ts'
import type { Accounts } from '../ports/accounts.ts'
import { openAccount, sealAccount } from '../rules/sealed.ts'
import type { Session } from './session.ts'

export const cassandraAccounts = (session: Session, seal: Seal): Accounts => {
  const accounts = session.table('accounts')
  return {
    put: (tenant, account) =>
      session.write([
        {
          query: `INSERT INTO ${accounts} (tenant, id, content) VALUES (?, ?, ?)`,
          params: [tenant, account.id, sealAccount(seal, tenant, account)],
        },
      ]),

    list: async (tenant) => {
      const rows = await session.rows(`SELECT id, content FROM ${accounts} WHERE tenant = ?`, [tenant])
      return rows.map((row) => openAccount(seal, tenant, String(row.id), String(row.content)))
    },

    remove: (tenant, id) =>
      session.write([{ query: `DELETE FROM ${accounts} WHERE tenant = ? AND id = ?`, params: [tenant, id] }]),
  }
}
