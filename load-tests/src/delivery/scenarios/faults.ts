import type { Channel } from '@carillon/schemas'
import { expect } from 'vitest'
import { backend, eventually, type Scenario } from '../scene.ts'
import { PUBLIC_URL } from '../stage.ts'
import { INVALID_NUMBER } from '../stand-ins/phone.ts'

/** Comes in time only when the step before it has failed. */
const AN_HOUR = 3_600

type Letter = { id: number; code: string; body: string }

/** Providers that are down, refuse, hang and come back. */
export const FAULTS: Scenario[] = [
  {
    title: 'an SMS is refused for good: the e-mail goes at once',
    play: async ({ account, ledger, mail, phones, send, user }) => {
      const [server, company] = [await mail(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', company.account)])
      await user('ada', { phone: '+15550121', email: 'ada@home.example' })
      await company.behave(INVALID_NUMBER)
      const id = await send({
        to: 'ada',
        title: 'Parcel',
        body: 'It is at the door.',
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'unread', after: AN_HOUR },
        ],
      })
      await eventually(() => expect(server.taken).toHaveLength(1))
      const [{ to, email } = { to: [], email: undefined }] = server.taken
      expect(to).toEqual(['ada@home.example'])
      expect(email).toMatchObject({
        subject: 'Parcel',
        text: expect.stringContaining('It is at the door.'),
        html: expect.stringContaining('It is at the door.'),
      })
      expect(email?.headers.map(({ key }) => key)).toContain('list-unsubscribe')
      await ledger(id, 'ada', { channel: 'sms', state: 'failed', reason: 'invalid_number', attempts: 1 })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(company.asked).toHaveLength(1)
    },
  },
  {
    title: 'an SMS is reported undelivered later: the e-mail goes then, and a forged report changes nothing',
    play: async ({ account, hub, ledger, mail, phones, send, user }) => {
      const [server, company, stranger] = [await mail(), await phones(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', company.account)])
      await user('ada', { phone: '+15550122', email: 'ada@home.example' })
      const id = await send({
        to: 'ada',
        plan: [
          { channel: 'sms', when: 'always' },
          { channel: 'email', when: 'failed' },
        ],
      })
      await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
      const text = company.taken[0]
      if (!text) throw new Error('it was sent elsewhere')
      const ways = { publicUrl: PUBLIC_URL, hub: hub() }
      const said = { MessageStatus: 'undelivered', ErrorCode: '30003' }
      expect(await stranger.report(text, said, ways)).toBe(403)
      await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
      for (let times = 0; times < 2; times++) expect(await company.report(text, said, ways)).toBe(204)
      await eventually(() => expect(server.taken).toHaveLength(1))
      await ledger(id, 'ada', {
        channel: 'sms',
        state: 'failed',
        reason: 'unreachable',
        providerId: text.sid,
      })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(server.asked()).toBe(1)
    },
  },
  {
    title: 'a mail provider is down: the next one sends within the same step',
    play: async ({ account, deliveries, ledger, mail, send, user }) => {
      const [first, second] = [await mail(), await mail()]
      await account('first', { ...first.account, order: 1 })
      await account('second', { ...second.account, order: 2 })
      await user('ada', { email: 'ada@home.example' })
      await first.behave('down')
      const plan = [{ channel: 'email', when: 'always' }] as const
      const id = await send({ to: 'ada', plan: [...plan] })
      await ledger(id, 'ada', { step: 0, state: 'sent', provider: 'second', attempts: 1 })
      expect(second.taken).toHaveLength(1)
      expect((await deliveries(id, 'ada')).filter(({ channel }) => channel === 'email')).toHaveLength(1)
      await first.behave('works')
      const next = await send({ to: 'ada', plan: [...plan] })
      await ledger(next, 'ada', { step: 0, state: 'sent', provider: 'first' })
      expect(first.taken).toHaveLength(1)
    },
  },
  {
    title: 'a mail server hangs: all texts and webhooks, and other tenants’ mails, still arrive',
    play: async ({ account, device, mail, phones, receiver, send, stage }) => {
      const [hanging, company, hook, other] = [await mail(), await phones(), await receiver(), await mail()]
      const neighbour = backend(stage, await stage.tenant())
      await Promise.all([
        account('mail', hanging.account),
        account('sms', company.account),
        account('hook', hook.account),
        neighbour.account('mail', other.account),
      ])
      const people = Array.from({ length: 60 }, (_, n) => ({
        user: `u${n}`,
        email: `u${n}@home.example`,
        phone: `+1555020${String(n).padStart(2, '0')}`,
      }))
      await Promise.all(people.map(({ user }) => device(user, 'hook', hook.device)))
      await hanging.behave('silent')
      const always = (...channels: Channel[]) =>
        channels.map((channel) => ({ channel, when: 'always' as const }))
      await send({ to: people, plan: always('email') })
      await eventually(() => expect(hanging.asked()).toBeGreaterThan(0))
      await Promise.all([
        send({ to: people.map(({ user }) => user), plan: always('email', 'sms', 'webhook') }),
        neighbour.send({ to: people, plan: always('email') }),
      ])
      await eventually(() => {
        expect(new Set(company.taken.map(({ to }) => to)).size).toBe(people.length)
        expect(new Set(hook.taken.map(({ id }) => id)).size).toBe(people.length)
        expect(new Set(other.taken.flatMap(({ to }) => to)).size).toBe(people.length)
      })
      expect([company.asked.length, hook.asked.length, other.asked()]).toEqual([60, 60, 60])
      expect(hanging.taken).toEqual([])
    },
  },
  {
    title: 'all browsers of a person are gone: they are forgotten, and the e-mail goes at once',
    play: async ({ account, browser, device, ledger, mail, ok, send, user }) => {
      const [server, old] = [await mail(), await browser()]
      await Promise.all([account('mail', server.account), account('push', old.account)])
      await user('ada', { email: 'ada@home.example' })
      await Promise.all(
        ['home', 'work', 'phone'].map((id) =>
          device('ada', id, { ...old.device, endpoint: `${old.url}/subscription/${id}` }),
        ),
      )
      await old.behave({ status: 410 })
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
      expect(server.asked()).toBe(1)
      expect(await ok('GET', '/v1/users/ada/devices')).toEqual({ devices: [] })
    },
  },
  {
    title: 'an answer is lost: what was taken is in doubt, and only what is critical is sent again',
    play: async ({ account, ledger, phones, send, user }) => {
      const company = await phones()
      // On a channel of its own: texts in doubt are counted elsewhere.
      await account('whatsapp', { ...company.account, channels: ['whatsapp'] })
      await Promise.all([
        user('ada', { phone: '+15550171' }),
        user('grace', { phone: '+15550172' }),
        company.behave('drops'),
      ])
      const plan = [{ channel: 'whatsapp' as const, when: 'always' as const }]
      const [normal, critical] = await Promise.all([
        send({ to: 'ada', plan }),
        send({ to: 'grace', priority: 'critical', plan }),
      ])
      const asked = (phone: string) => company.taken.filter(({ to }) => to === `whatsapp:${phone}`).length
      await ledger(normal, 'ada', { channel: 'whatsapp', state: 'in_doubt', reason: 'broken' })
      await eventually(() => expect(asked('+15550172')).toBeGreaterThan(0))
      await company.behave('works')
      await ledger(critical, 'grace', { channel: 'whatsapp', state: 'sent' })
      expect(asked('+15550171')).toBe(1)
      expect(asked('+15550172')).toBeGreaterThan(1)
    },
  },
  {
    title: 'a webhook is signed, and keeps its id when it is tried again',
    play: async ({ account, device, ledger, receiver, send }) => {
      const hook = await receiver()
      await account('hook', hook.account)
      await device('ada', 'crm', hook.device)
      await hook.behave({ status: 503 })
      const id = await send({ to: 'ada', data: { deal: 12 }, plan: [{ channel: 'webhook', when: 'always' }] })
      await eventually(() => expect(hook.asked).toHaveLength(1))
      await hook.behave('works')
      await ledger(id, 'ada', { channel: 'webhook', device: 'crm', state: 'sent', attempts: 2 })
      expect(new Set(hook.asked.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
      expect(hook.taken).toMatchObject([
        { payload: { type: 'notification', data: { notification: id, user: 'ada', data: { deal: 12 } } } },
      ])
      expect(hook.complaints).toEqual([])
    },
  },
  {
    title: 'everybody refuses: a dead letter, which arrives once the provider is repaired and it is replayed',
    play: async ({ account, ledger, mail, ok, phones, send, user }) => {
      const [server, company] = [await mail(), await phones()]
      await Promise.all([account('mail', server.account), account('sms', company.account)])
      await user('ada', { phone: '+15550131', email: 'ada@home.example' })
      await company.behave(INVALID_NUMBER)
      await server.behave('refuses')
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
      await server.behave('works')
      await ok('POST', `/v1/dead-letters/${letter?.id}/replay`)
      await eventually(() => expect(server.taken).toHaveLength(1))
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(await letters()).toEqual([])
      expect([server.asked(), company.asked.length]).toEqual([2, 1])
    },
  },
]
