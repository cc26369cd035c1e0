import { expect } from 'vitest'
import type { Scenario } from '../context.ts'

/** Versions of types, schemas of data and conditions. */
export const TYPES: Scenario = {
  title: 'a notification keeps the plan, conditions and texts of its version while a newer one is published',
  run: async ({ account, ledger, mail, ok, user }) => {
    const server = await mail()
    await account('mail', server.account)
    await user('ada', { email: 'ada@home.example' })
    const put = (version: number, condition: string) =>
      ok<{ version: number }>('PUT', '/v1/types/order.shipped', {
        schema: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } },
        content: { title: `Version ${version}` },
        plan: [{ channel: 'email', when: 'unread', after: 4, if: condition }],
      })
    const send = async (total: unknown) =>
      (
        await ok<{ id: string }>('POST', '/v1/notifications', {
          ...{ to: 'ada', type: 'order.shipped', data: { total } },
        })
      ).id
    for (const version of [1, 2]) await put(version, 'true')
    expect((await put(3, 'data.total > 100')).version).toBe(3)
    const large = await send(120)
    const small = await send(80)
    await expect(send('much')).rejects.toThrow('/data/total')
    expect((await put(4, 'data.total < 100')).version).toBe(4)
    await ledger(large, 'ada', { channel: 'email', state: 'sent' })
    await ledger(small, 'ada', { channel: 'email', state: 'skipped', reason: 'condition_false' })
    expect(server.accepted.map(({ email }) => email.subject)).toEqual(['Version 3'])
    const newest = await send(80)
    await ledger(newest, 'ada', { channel: 'email', state: 'sent' })
    expect(server.accepted.map(({ email }) => email.subject)).toEqual(['Version 3', 'Version 4'])
  },
}
