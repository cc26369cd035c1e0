import type { Explanation, InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario, type ScenarioContext } from '../context.ts'
import { INVALID_NUMBER } from '../stand-ins/phone.ts'

/** Asks why a user got what they got, and returns one line for each decision. */
const stories =
  ({ ok }: Pick<ScenarioContext, 'ok'>) =>
  async (id: string, user: string): Promise<string[]> => {
    const { decisions } = await ok<Explanation>('GET', `/v1/notifications/${id}/explain?user=${user}`)
    const times = decisions.map(({ at }) => at)
    expect(times).toEqual([...times].sort())
    return decisions.map(({ stage, channel, step, outcome, by, path, reason }) =>
      [stage, channel, step, outcome, by, path, reason].filter((word) => word !== undefined).join(' '),
    )
  }

const STORED = ['audience pass sender to', 'inbox inbox pass system']

export const EXPLAIN: Scenario[] = [
  {
    title:
      'each story is explained: excluded, erased, read in time, sent instead of a failed SMS, never addressed, later',
    run: async (context) => {
      const { account, ledger, mail, ok, phones, send, token, user } = context
      const story = stories(context)
      const [server, provider] = await Promise.all([mail(), phones()])
      await Promise.all([
        account('mail', server.account),
        account('phone', { ...provider.account, channels: ['sms'] }),
        user('grace', { email: 'grace@example.test', phone: '+14155550101' }),
        user('linus', { email: 'linus@example.test' }),
        ok('DELETE', '/v1/users/bob'),
      ])
      await provider.setBehavior(INVALID_NUMBER)

      const sms = await send({
        to: ['ada', 'bob', 'grace'],
        exclude: ['ada'],
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'failed' },
        ],
      })
      await ledger(sms, 'grace', { channel: 'email', state: 'sent' })
      expect(await story(sms, 'ada')).toEqual(['audience end sender exclude excluded'])
      expect(await story(sms, 'bob')).toEqual(['audience end tenant erased'])
      expect(await story(sms, 'grace')).toEqual([
        ...STORED,
        ...['condition sms 0 pass system', 'send sms 0 failed system'],
        ...['condition email 1 pass system', 'send email 1 sent system'],
      ])
      expect(await story(sms, 'eve')).toEqual(['audience end sender to not_recipient'])

      const bearer = await token('linus')
      const read = await send({ to: 'linus', plan: [{ channel: 'email', when: 'unread', after: 6 }] })
      const item = await eventually(async () => {
        const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, bearer)
        const found = items.find(({ notification }) => notification === read)
        if (!found) throw new Error('no item yet')
        return found
      })
      await ok('PATCH', `/v1/inbox/${item.id}`, { read: true }, bearer)
      await ledger(read, 'linus', { channel: 'email', state: 'skipped', reason: 'read' })
      expect(await story(read, 'linus')).toEqual([
        ...STORED,
        'condition email 0 wait sender plan.0.after delay',
        'condition email 0 end user read',
      ])

      const deliverAt = new Date(Date.now() + 3_600_000).toISOString()
      const later = await send({ to: 'linus', deliverAt })
      await eventually(async () =>
        expect(await story(later, 'linus')).toEqual(['audience wait sender deliverAt scheduled']),
      )
      await expect(story('unknown', 'linus')).rejects.toThrow(/404/)
    },
  },
]
