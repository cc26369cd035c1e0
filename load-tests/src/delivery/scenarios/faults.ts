import type { Channel } from '@carillon/schemas'
import { expect } from 'vitest'
import { backend, eventually, type Scenario } from '../context.ts'
import { PUBLIC_URL } from '../environment.ts'
import { INVALID_NUMBER } from '../stand-ins/phone.ts'

/** A step with this delay is only reached in the test if the previous step fails. */
const AN_HOUR = 3_600

type Letter = { id: number; code: string; body: string }

/** Scenarios with providers that are down, reject, hang and recover. */
export const FAULTS: Scenario[] = [
  {
    title: 'if an SMS is refused permanently, the e-mail is sent at once',
    run: async ({ account, ledger, mail, phones, send, user }) => {
      const [server, provider] = [await mail(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', provider.account)])
      await user('ada', { phone: '+15550121', email: 'ada@home.example' })
      await provider.setBehavior(INVALID_NUMBER)
      const id = await send({
        to: 'ada',
        title: 'Parcel',
        body: 'It is at the door.',
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'unread', after: AN_HOUR },
        ],
      })
      await eventually(() => expect(server.accepted).toHaveLength(1))
      const [{ to, email } = { to: [], email: undefined }] = server.accepted
      expect(to).toEqual(['ada@home.example'])
      expect(email).toMatchObject({
        subject: 'Parcel',
        text: expect.stringContaining('It is at the door.'),
        html: expect.stringContaining('It is at the door.'),
      })
      expect(email?.headers.map(({ key }) => key)).toContain('list-unsubscribe')
      await ledger(id, 'ada', { channel: 'sms', state: 'failed', reason: 'invalid_number', attempts: 1 })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(provider.requests).toHaveLength(1)
    },
  },
  {
    title: 'if an SMS is reported undelivered, the e-mail is sent; a forged report changes nothing',
    run: async ({ account, hub, ledger, mail, phones, send, user }) => {
      const [server, provider, otherAccount] = [await mail(), await phones(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', provider.account)])
      await user('ada', { phone: '+15550122', email: 'ada@home.example' })
      const id = await send({
        to: 'ada',
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'failed' },
        ],
      })
      await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
      const text = provider.accepted[0]
      if (!text) throw new Error('no text was accepted')
      const route = { publicUrl: PUBLIC_URL, hub: hub() }
      const status = { MessageStatus: 'undelivered', ErrorCode: '30003' }
      expect(await otherAccount.report(text, status, route)).toBe(403)
      await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
      for (let times = 0; times < 2; times++) expect(await provider.report(text, status, route)).toBe(204)
      await eventually(() => expect(server.accepted).toHaveLength(1))
      await ledger(id, 'ada', {
        channel: 'sms',
        state: 'failed',
        reason: 'unreachable',
        providerId: text.sid,
      })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(server.requests()).toBe(1)
    },
  },
  {
    title: 'if an e-mail provider is down, the next one sends within the same step',
    run: async ({ account, deliveries, ledger, mail, send, user }) => {
      const [first, second] = [await mail(), await mail()]
      await account('first', { ...first.account, order: 1 })
      await account('second', { ...second.account, order: 2 })
      await user('ada', { email: 'ada@home.example' })
      await first.setBehavior('down')
      const plan = [{ channel: 'email', when: 'always' }] as const
      const id = await send({ to: 'ada', plan: [...plan] })
      await ledger(id, 'ada', { step: 0, state: 'sent', provider: 'second', attempts: 1 })
      expect(second.accepted).toHaveLength(1)
      expect((await deliveries(id, 'ada')).filter(({ channel }) => channel === 'email')).toHaveLength(1)
      await first.setBehavior('works')
      const next = await send({ to: 'ada', plan: [...plan] })
      await ledger(next, 'ada', { step: 0, state: 'sent', provider: 'first' })
      expect(first.accepted).toHaveLength(1)
    },
  },
  {
    title: 'if a mail server hangs, SMS, webhooks and e-mails of other tenants are still delivered',
    run: async ({ account, device, mail, phones, receiver, send, environment }) => {
      const [hanging, provider, hook, other] = [await mail(), await phones(), await receiver(), await mail()]
      const neighbour = backend(environment, await environment.tenant())
      await Promise.all([
        account('mail', hanging.account),
        account('sms', provider.account),
        account('hook', hook.account),
        neighbour.account('mail', other.account),
      ])
      const people = Array.from({ length: 60 }, (_, n) => ({
        user: `u${n}`,
        email: `u${n}@home.example`,
        phone: `+1555020${String(n).padStart(2, '0')}`,
      }))
      await Promise.all(people.map(({ user }) => device(user, 'hook', hook.device)))
      await hanging.setBehavior('hangs')
      const always = (...channels: Channel[]) =>
        channels.map((channel) => ({ channel, when: 'always' as const }))
      await send({ to: people, plan: always('email') })
      await eventually(() => expect(hanging.requests()).toBeGreaterThan(0))
      await Promise.all([
        send({ to: people.map(({ user }) => user), plan: always('email', 'sms', 'webhook') }),
        neighbour.send({ to: people, plan: always('email') }),
      ])
      await eventually(() => {
        expect(new Set(provider.accepted.map(({ to }) => to)).size).toBe(people.length)
        expect(new Set(hook.accepted.map(({ id }) => id)).size).toBe(people.length)
        expect(new Set(other.accepted.flatMap(({ to }) => to)).size).toBe(people.length)
      })
      expect([provider.requests.length, hook.requests.length, other.requests()]).toEqual([60, 60, 60])
      expect(hanging.accepted).toEqual([])
    },
  },
  {
    title: 'if all browsers of a user are unsubscribed, they are removed and the e-mail is sent at once',
    run: async ({ account, browser, device, ledger, mail, ok, send, user }) => {
      const [server, old] = [await mail(), await browser()]
      await Promise.all([account('mail', server.account), account('push', old.account)])
      await user('ada', { email: 'ada@home.example' })
      await Promise.all(
        ['home', 'work', 'phone'].map((id) =>
          device('ada', id, { ...old.device, endpoint: `${old.url}/subscription/${id}` }),
        ),
      )
      await old.setBehavior({ status: 410 })
      const id = await send({
        to: 'ada',
        plan: [
          { channel: 'push', when: 'always' },
          { channel: 'email', when: 'failed' },
        ],
      })
      for (const device of ['home', 'work', 'phone'])
        await ledger(id, 'ada', { channel: 'push', device, state: 'failed', reason: 'unsubscribed' })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(server.requests()).toBe(1)
      expect(await ok('GET', '/v1/users/ada/devices')).toEqual({ devices: [] })
    },
  },
  {
    title: 'if a response is lost, the message is in doubt, and only a critical one is repeated',
    run: async ({ account, ledger, phones, send, user }) => {
      const provider = await phones()
      // Uses its own channel, because another scenario counts SMS in doubt.
      await account('whatsapp', { ...provider.account, channels: ['whatsapp'] })
      await Promise.all([
        user('ada', { phone: '+15550171' }),
        user('grace', { phone: '+15550172' }),
        provider.setBehavior('accepts-and-drops'),
      ])
      const plan = [{ channel: 'whatsapp' as const, when: 'always' as const }]
      const [normal, critical] = await Promise.all([
        send({ to: 'ada', plan }),
        send({ to: 'grace', priority: 'critical', plan }),
      ])
      const requests = (phone: string) =>
        provider.accepted.filter(({ to }) => to === `whatsapp:${phone}`).length
      await ledger(normal, 'ada', { channel: 'whatsapp', state: 'in_doubt', reason: 'broken' })
      await eventually(() => expect(requests('+15550172')).toBeGreaterThan(0))
      await provider.setBehavior('works')
      await ledger(critical, 'grace', { channel: 'whatsapp', state: 'sent' })
      expect(requests('+15550171')).toBe(1)
      expect(requests('+15550172')).toBeGreaterThan(1)
    },
  },
  {
    title: 'a webhook is signed, and has the same id when it is retried',
    run: async ({ account, device, ledger, receiver, send }) => {
      const hook = await receiver()
      await account('hook', hook.account)
      await device('ada', 'crm', hook.device)
      await hook.setBehavior({ status: 503 })
      const id = await send({ to: 'ada', data: { deal: 12 }, plan: [{ channel: 'webhook', when: 'always' }] })
      await eventually(() => expect(hook.requests).toHaveLength(1))
      await hook.setBehavior('works')
      await ledger(id, 'ada', { channel: 'webhook', device: 'crm', state: 'sent', attempts: 2 })
      expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
      expect(hook.accepted).toMatchObject([
        { payload: { type: 'notification', data: { notification: id, user: 'ada', data: { deal: 12 } } } },
      ])
      expect(hook.errors).toEqual([])
    },
  },
  {
    title: 'if all providers refuse, there is a dead letter, which can be replayed once a provider works',
    run: async ({ account, ledger, mail, ok, phones, send, user }) => {
      const [server, provider] = [await mail(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', provider.account)])
      await user('ada', { phone: '+15550131', email: 'ada@home.example' })
      await provider.setBehavior(INVALID_NUMBER)
      await server.setBehavior('refuses')
      const id = await send({
        to: 'ada',
        title: 'Important',
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'failed' },
        ],
      })
      const letters = async () =>
        (await ok<{ deadLetters: Letter[] }>('GET', '/v1/dead-letters')).deadLetters.filter(({ body }) =>
          body.includes(id),
        )
      await eventually(async () => expect(await letters()).toHaveLength(1))
      const [letter] = await letters()
      expect(letter?.code).toBe('undeliverable')
      await ledger(id, 'ada', { channel: 'sms', state: 'failed' })
      await ledger(id, 'ada', { channel: 'email', state: 'failed' })
      await server.setBehavior('works')
      await ok('POST', `/v1/dead-letters/${letter?.id}/replay`)
      await eventually(() => expect(server.accepted).toHaveLength(1))
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(await letters()).toEqual([])
      expect([server.requests(), provider.requests.length]).toEqual([2, 1])
    },
  },
]
