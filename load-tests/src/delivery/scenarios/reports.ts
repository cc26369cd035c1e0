import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Makes events as long as SendGrid's. */
const FILLER = 'x'.repeat(200)

/** Scenarios with large batches of provider reports. */
export const REPORTS: Scenario[] = [
  {
    title: 'a batch of thousands of reports is applied, and a failure leads to the next step',
    run: async ({ account, hub, ledger, ok, phones, send, sendgrid, tenant, user }) => {
      const [service, provider] = [await sendgrid(), await phones()]
      await Promise.all([account('mail', service.account), account('sms', provider.account)])
      await user('ada', { email: 'ada@home.example', phone: '+15550181' })
      await user('grace', { email: 'grace@home.example', phone: '+15550182' })
      const plan = [
        { channel: 'email' as const, when: 'always' as const },
        { channel: 'sms' as const, when: 'failed' as const },
      ]
      const [bounces, arrives] = await Promise.all([send({ to: 'ada', plan }), send({ to: 'grace', plan })])
      await ledger(bounces, 'ada', { channel: 'email', state: 'sent' })
      await ledger(arrives, 'grace', { channel: 'email', state: 'sent' })
      const idOf = (email: string) => service.accepted.find(({ to }) => to === email)?.id ?? ''
      const timestamp = Math.floor(Date.now() / 1_000)
      const event = (email: string, id: string, more: object) => ({
        email,
        timestamp,
        sg_message_id: `${id}.recvd-1`,
        sg_event_id: FILLER,
        ...more,
      })
      const batch = [
        ...Array.from({ length: 3_000 }, (_, n) =>
          event(`user-${n}@elsewhere.example`, `unknown-${n}`, { event: 'delivered' }),
        ),
        event('ada@home.example', idOf('ada@home.example'), { event: 'bounce', type: 'bounce' }),
        event('grace@home.example', idOf('grace@home.example'), { event: 'delivered' }),
      ]
      expect(JSON.stringify(batch).length).toBeGreaterThan(820_000)
      const url = `${hub()}/v1/callbacks/${tenant.id}/mail`
      expect(await service.report(url, batch)).toBe(204)
      await ledger(bounces, 'ada', { channel: 'email', state: 'failed', reason: 'bounce' })
      await ledger(bounces, 'ada', { channel: 'sms', state: 'sent' })
      await ledger(arrives, 'grace', { channel: 'email', state: 'delivered' })
      await eventually(() => expect(provider.accepted.map(({ to }) => to)).toEqual(['+15550181']))
      expect(await ok('GET', '/v1/suppressions')).toMatchObject({
        suppressions: [{ channel: 'email', address: 'ada@home.example', reason: 'bounce' }],
      })
    },
  },
]
