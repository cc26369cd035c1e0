import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Limits of what leaves for one person. */
export const THROTTLES: Scenario[] = [
  {
    title: 'of fifty messages published at once, a throttle of three lets exactly three leave',
    run: async ({ account, deliveries, ledger, mail, ok, token, user }) => {
      const publish = async (name: string, host: string) => {
        const body = { to: 'ada', type: 'monitor.down', data: { name, host } }
        return (await ok<{ id: string }>('POST', '/v1/notifications', body)).id
      }
      const server = await mail()
      await account('mail', server.account)
      await user('ada', { email: 'ada@home.example' })
      await ok('PUT', '/v1/types/monitor.down', {
        content: { title: '{{ data.name }} is down' },
        plan: [
          { channel: 'email', when: 'always' },
          { channel: 'sms', when: 'failed' },
        ],
        throttle: { limit: 3, window: 3_600, key: '{{ data.host }}' },
      })
      const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => publish(`m-${index}`, 'a')))
      const states = await eventually(async () => {
        const all = (await Promise.all(ids.map((id) => deliveries(id, 'ada')))).flat()
        const external = all.filter(({ channel }) => channel !== 'inbox')
        expect(external.map(({ state }) => state).filter((state) => /sent|skipped/.test(state))).toHaveLength(
          50,
        )
        return external
      })
      expect(states.filter(({ state }) => state === 'sent')).toHaveLength(3)
      expect(states.filter(({ channel }) => channel !== 'email')).toEqual([])
      expect(server.accepted).toHaveLength(3)
      const { counts } = await ok<{ counts: { unread: number } }>(
        ...(['GET', '/v1/inbox?limit=1', undefined, await token('ada')] as const),
      )
      expect(counts.unread).toBe(50)

      const skipped = states.find(({ state }) => state === 'skipped')
      expect(skipped).toMatchObject({ channel: 'email', reason: 'throttled' })
      const left = ids[states.findIndex(({ state }) => state === 'skipped')]
      const { decisions } = await ok<{ decisions: object[] }>(
        'GET',
        `/v1/notifications/${left}/explain?user=ada`,
      )
      expect(decisions).toContainEqual(
        expect.objectContaining({
          ...{ stage: 'throttle', outcome: 'skip', by: 'type', path: 'throttle', reason: 'throttled' },
          text: expect.stringContaining('because the limit of its throttle was reached (3 of 3 until 20'),
        }),
      )
      const other = await publish('other', 'b')
      await ledger(other, 'ada', { channel: 'email', state: 'sent' })
    },
  },
]
