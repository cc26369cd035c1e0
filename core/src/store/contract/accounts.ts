import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { StoredAccount } from '../ports/accounts.ts'
import { freshTenant } from './samples.ts'

const account = (id: string, more: Partial<StoredAccount> = {}): StoredAccount => ({
  id,
  provider: 'smtp',
  channels: ['email'],
  order: 100,
  rate: { perSecond: 5, burst: 10 },
  config: { host: 'mail.example.org', tls: true, dkim: { keys: ['hush'] } },
  ...more,
})

export const accountsContract = (store: () => Store): void => {
  describe('accounts', () => {
    test('are stored, replaced by id and removed, separately for each tenant', async () => {
      const { accounts } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      expect(await accounts.list(tenant)).toEqual([])
      await accounts.put(tenant, account('mail', { order: 1 }))
      await accounts.put(tenant, account('mail'))
      await accounts.put(tenant, account('texts', { provider: 'twilio', channels: ['sms', 'mms'] }))
      await accounts.put(other, account('mail', { order: 2 }))
      expect(await accounts.list(tenant)).toEqual([
        account('mail'),
        account('texts', { provider: 'twilio', channels: ['sms', 'mms'] }),
      ])
      await accounts.remove(tenant, 'mail')
      await accounts.remove(tenant, 'mail')
      expect((await accounts.list(tenant)).map(({ id }) => id)).toEqual(['texts'])
      expect(await accounts.list(other)).toEqual([account('mail', { order: 2 })])
    })
  })
}
