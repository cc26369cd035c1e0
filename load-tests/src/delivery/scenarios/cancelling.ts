import type { Cancellation, NotificationInput, NotificationStatus } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const HOUR_S = 3_600

export const CANCELLING: Scenario = {
  title: 'a cancel key ends what was accepted before, read or not, and nothing that is sent later',
  run: async ({ account, ledger, ok, phones, send, user }) => {
    const company = await phones()
    await account('sms', company.account)
    await user('ada', { phone: '+15550161' })
    const state = async (id: string) => (await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)).state
    const cancel = (key: string) => ok<Cancellation>('DELETE', `/v1/notifications?cancelKey=${key}`)
    const waiting: Omit<NotificationInput, 'type'> = {
      to: 'ada',
      plan: [{ channel: 'sms', when: 'always', after: HOUR_S }],
    }
    const deliverAt = new Date(Date.now() + HOUR_S * 1_000).toISOString()

    const twice = [
      { channel: 'sms', when: 'always' },
      { channel: 'sms', when: 'always', after: HOUR_S },
    ] as const
    const begun = await send({ to: 'ada', plan: [...twice], cancelKey: 'order-7' })
    const later = await send({ to: 'ada', deliverAt, cancelKey: 'order-7' })
    await ledger(begun, 'ada', { channel: 'sms', state: 'sent' })
    await eventually(async () => expect(await state(later)).toBe('scheduled'))
    const { cancelled, more } = await cancel('order-7')
    expect(more).toBe(false)
    expect(cancelled).toHaveLength(2)
    expect(cancelled).toContainEqual({ id: begun, state: 'cancelled', stored: 1, sent: 1, ended: 1 })
    expect(cancelled).toContainEqual({ id: later, state: 'cancelled', stored: 0, sent: 0, ended: 0 })
    expect(await cancel('order-7')).toEqual({ cancelled: [], more: false })

    const before = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send({ ...waiting, cancelKey: 'order-8', ...(index % 2 ? { deliverAt } : {}) }),
      ),
    )
    await cancel('order-8')
    const after = await send({ ...waiting, cancelKey: 'order-8' })
    for (const id of before) await eventually(async () => expect(await state(id)).toBe('cancelled'))
    await eventually(async () => expect(await state(after)).toBe('delivered'))
    expect(company.accepted).toHaveLength(1)

    const users = Array.from({ length: 600 }, (_, index) => `reader-${index}`)
    for (const some of [users.slice(0, 300), users.slice(300)])
      await ok('POST', '/v1/topics/readers/members', { users: some })
    const broadcast = await send({ ...waiting, to: { topic: 'readers' } })
    await eventually(async () => expect(await state(broadcast)).toBe('delivered'))
    expect(await ok('DELETE', `/v1/notifications/${broadcast}`)).toEqual({
      ...{ id: broadcast, state: 'cancelled', stored: 600, sent: 0, ended: 600 },
    })
  },
}
