import type { Explanation, InboxPage, NotificationStatus } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const HOUR = 3_600_000

/** Local times of recipients, and steps that wait for a date. */
export const LOCAL_TIMES: Scenario[] = [
  {
    title: 'a local time comes for each recipient by itself, and cancelling ends it for those who still wait',
    run: async ({ ok, send, token, user }) => {
      await Promise.all([
        user('tokyo', { timezone: 'Asia/Tokyo' }),
        user('nowhere', {}),
        user('honolulu', { timezone: 'Pacific/Honolulu' }),
      ])
      const members = { users: ['tokyo', 'nowhere', 'honolulu'] }
      await ok('POST', '/v1/topics/all/members', members)
      const at = Math.ceil(Date.now() / 1_000) * 1_000 + 3_000
      const id = await send({
        to: { topic: 'all' },
        deliverAt: { local: new Date(at).toISOString().slice(0, 19) },
      })
      const arrivals = async (name: string) => {
        const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token(name))
        return items.map(({ arrivedAt }) => Date.parse(arrivedAt ?? ''))
      }
      // In Tokyo it has passed: it is late, and delivered at once.
      await eventually(async () => expect(await arrivals('tokyo')).toHaveLength(1))
      await eventually(async () => expect(await arrivals('nowhere')).toHaveLength(1))
      expect((await arrivals('nowhere'))[0]).toBeGreaterThanOrEqual(at - 500)
      const status = () => ok<NotificationStatus>('GET', `/v1/notifications/${id}`)
      await eventually(async () =>
        expect(await status()).toMatchObject({ state: 'delivering', recipients: 2 }),
      )
      const { decisions } = await ok<Explanation>('GET', `/v1/notifications/${id}/explain?user=honolulu`)
      expect(decisions).toMatchObject([
        { outcome: 'wait', reason: 'scheduled', until: new Date(at + 10 * HOUR).toISOString() },
      ])
      await ok('DELETE', `/v1/notifications/${id}`)
      expect(await status()).toMatchObject({ state: 'cancelled', recipients: 2 })
      expect(await arrivals('honolulu')).toEqual([])
    },
  },
  {
    title: 'a notification and a step of its plan are sent relative to a date in its data',
    run: async ({ account, ledger, mail, send, user }) => {
      const server = await mail()
      await account('mail', server.account)
      await user('ada', { email: 'ada@example.test' })
      const startsAt = Date.now() + HOUR + 4_000
      const sent = Date.now()
      const id = await send({
        to: 'ada',
        data: { startsAt: new Date(startsAt).toISOString() },
        deliverAt: { from: 'data.startsAt', offset: '-PT1H2S' },
        plan: [{ channel: 'email', when: 'unread', after: { from: 'data.startsAt', offset: '-PT1H' } }],
      })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(Date.now()).toBeGreaterThanOrEqual(sent + 3_500)
      expect(server.accepted).toHaveLength(1)
    },
  },
]
