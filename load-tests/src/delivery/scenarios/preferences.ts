import type { InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** What users choose, between publishing and sending. */
export const PREFERENCES: Scenario[] = [
  {
    title: 'e-mail that is switched off after publishing and before the step is due is not sent',
    run: async ({ account, ledger, mail, ok, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      for (const id of ['ada', 'bob']) await user(id, { email: `${id}@home.example` })
      await ok('PUT', '/v1/types/order.shipped', {
        category: 'orders',
        plan: [{ channel: 'email', when: 'unread', after: 10 }],
      })
      const ada = await token('ada')
      const { id } = await ok<{ id: string }>('POST', '/v1/notifications', {
        ...{ to: ['ada', 'bob'], type: 'order.shipped', title: 'On its way' },
      })
      await ok('PATCH', '/v1/preferences', { categories: { orders: { email: false } } }, ada)
      await ledger(id, 'ada', { channel: 'email', state: 'skipped', reason: 'opted_out' })
      await ledger(id, 'bob', { channel: 'email', state: 'sent' })
      expect(server.accepted.map(({ to }) => to)).toEqual([['bob@home.example']])
      await eventually(async () => {
        const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, ada)
        expect(items.map(({ title }) => title)).toEqual(['On its way'])
      })
      const { decisions } = await ok<{ decisions: object[] }>(
        ...(['GET', `/v1/notifications/${id}/explain?user=ada`] as const),
      )
      expect(decisions).toContainEqual(
        expect.objectContaining({
          ...{ stage: 'preference', channel: 'email', outcome: 'skip' },
          ...{ by: 'user', path: 'categories.orders.email', reason: 'opted_out' },
        }),
      )
    },
  },
]
