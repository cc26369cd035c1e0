import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Pushes to an app on a phone: badges, reports, and withdrawal of items that are read elsewhere. */
export const PUSHES: readonly Scenario[] = [
  {
    title:
      'a push has the unread count, the phone reports it, and it is withdrawn when its item is read elsewhere',
    run: async ({ account, device, google, ledger, ok, send, tenant }) => {
      const { accepted, ...phone } = await google()
      await account('push', phone.account)
      await device('ada', 'phone', phone.device)
      const plan = [{ channel: 'push', when: 'always' }] as const
      const id = await send({ to: 'ada', title: 'One', plan: [...plan] })
      await eventually(() => expect(accepted).toHaveLength(1))
      const other = await send({ to: 'ada', title: 'Two', plan: [...plan] })
      await eventually(() => expect(accepted).toHaveLength(2))
      const [one, two] = accepted
      expect([one?.data.badge, two?.data.badge]).toEqual(['1', '2'])
      expect(two?.apns.payload.aps.badge).toBe(2)

      const report = (event: string, token = '') =>
        ok('POST', '/v1/push/reports', { reports: [{ token, event }] }, '')
      expect(await report('delivered', one?.data.report)).toMatchObject({
        recorded: 1,
        unread: 2,
        withdraw: [],
      })
      await ledger(id, 'ada', { channel: 'push', state: 'delivered', device: 'phone' })
      expect(await report('clicked', two?.data.report)).toMatchObject({
        unread: 1,
        withdraw: [two?.data.item],
      })
      await ledger(other, 'ada', { channel: 'push', state: 'clicked' })
      await ledger(other, 'ada', { channel: 'inbox', state: 'clicked' })

      // The phone has removed what was clicked there itself, so it is told about the other item only.
      await ok('PATCH', `/v1/inbox/${one?.data.item}`, { read: true }, await tenant.token('ada'))
      await eventually(() => expect(accepted).toHaveLength(3))
      const update = accepted[2]
      expect(update?.notification).toBeUndefined()
      expect(update?.data).toEqual({ badge: '0', withdraw: expect.any(String) })
      expect(JSON.parse(update?.data.withdraw ?? '')).toEqual([one?.apns.headers['apns-collapse-id']])
    },
  },
  {
    title: 'a push that a phone still shows gets the new texts when its item is replaced',
    run: async ({ account, device, google, ok, send }) => {
      const { accepted, ...phone } = await google()
      await account('push', phone.account)
      await device('ada', 'phone', phone.device)
      const order = {
        ...{ to: 'ada', entity: 'order/9', replace: true },
        plan: [{ channel: 'push', when: 'always' } as const],
      }
      await send({ ...order, title: 'Sent' })
      await eventually(() => expect(accepted).toHaveLength(1))
      const tag = accepted[0]?.apns.headers['apns-collapse-id']
      const textsOf = (n: number) => JSON.parse(accepted[n]?.data.replace ?? '')
      await send({ ...order, title: 'At your door', body: 'Today' })
      await eventually(() => expect(accepted).toHaveLength(2))
      expect(textsOf(1)).toEqual([{ tag, title: 'At your door', body: 'Today' }])
      await ok('POST', '/v1/items/replace', {
        entity: 'order/9',
        content: { title: 'Delivered' },
      })
      await eventually(() => expect(accepted).toHaveLength(3))
      expect(textsOf(2)).toEqual([{ tag, title: 'Delivered', body: 'Today' }])
      expect(accepted[2]?.data).toMatchObject({ badge: '1', withdraw: '[]' })
    },
  },
]
