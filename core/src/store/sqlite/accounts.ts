import type { Seal } from '../../security/seal.ts'
import type { Accounts } from '../ports/accounts.ts'
import { openAccount, sealAccount } from '../rules/sealed.ts'
import type { Session } from './session.ts'

export const sqliteAccounts = (session: Session, seal: Seal): Accounts => ({
  put: (tenant, account) =>
    session.write(({ run }) => {
      run(
        `INSERT INTO accounts (tenant, id, content) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET content = excluded.content`,
        [tenant, account.id, sealAccount(seal, tenant, account)],
      )
    }),

  list: async (tenant) => {
    const rows = await session.all<{ id: string; content: string }>(
      'SELECT id, content FROM accounts WHERE tenant = ? ORDER BY id',
      [tenant],
    )
    return rows.map(({ id, content }) => openAccount(seal, tenant, id, content))
  },

  remove: (tenant, id) =>
    session.write(({ run }) => {
      run('DELETE FROM accounts WHERE tenant = ? AND id = ?', [tenant, id])
    }),
})
