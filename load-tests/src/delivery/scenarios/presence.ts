import { GRACE_MS } from '@carillon/core/live/port'
import type { NotificationStatus } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Scenarios with the user's presence, and the steps that depend on it. */
export const PRESENCE: Scenario[] = [
  {
    title: 'a user who is offline gets a push at once, encrypted for their browser',
    run: async ({ account, browser, deliveries, device, ledger, ok, send, token }) => {
      const laptop = await browser()
      await account('push', laptop.account)
      await device('ada', 'laptop', laptop.device)
      const began = Date.now()
      const id = await send({
        to: 'ada',
        title: 'Grüße',
        body: 'from far away',
        url: 'https://app.example/posts/7',
        data: { post: 7 },
        plan: [{ channel: 'push', when: 'offline' }],
      })
      await eventually(() => expect(laptop.accepted).toHaveLength(1))
      expect(Date.now() - began).toBeLessThan(GRACE_MS)
      const { publicKey } = await ok<{ publicKey: string }>(
        'GET',
        '/v1/push/key',
        undefined,
        await token('ada'),
      )
      expect(laptop.accepted).toEqual([
        {
          key: publicKey,
          payload: {
            title: 'Grüße',
            body: 'from far away',
            url: 'https://app.example/posts/7',
            data: { post: 7 },
            badge: 1,
            tag: expect.any(String),
            notification: id,
            item: expect.any(String),
            report: expect.any(String),
          },
        },
      ])
      await ledger(id, 'ada', { step: 0, device: 'laptop', state: 'sent', provider: 'push', attempts: 1 })
      expect((await deliveries(id, 'ada')).find(({ channel }) => channel === 'inbox')?.state).toBe('sent')
      const status = await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)
      expect(status.deliveries).toMatchObject({ push: { sent: 1 } })
      expect(laptop.errors).toEqual([])
    },
  },
  {
    title: 'nothing is sent if the app acknowledges',
    run: async ({ account, app, ledger, phones, send, user }) => {
      const provider = await phones()
      await account('sms', provider.account)
      await user('ada', { phone: '+15550111' })
      await app('ada')
      const [offline, undelivered] = await Promise.all([
        send({ to: 'ada', plan: [{ channel: 'sms', when: 'offline' }] }),
        send({ to: 'ada', plan: [{ channel: 'sms', when: 'undelivered', after: 2 }] }),
      ])
      for (const id of [offline, undelivered]) {
        await ledger(id, 'ada', { channel: 'inbox', state: 'delivered' })
        await ledger(id, 'ada', { channel: 'sms', state: 'skipped', reason: 'delivered' })
      }
      expect(provider.requests).toEqual([])
    },
  },
  {
    title: 'the fallback is sent after its delay if the app is connected but never acknowledges',
    run: async ({ account, frozenApp, ledger, phones, send, user }) => {
      const provider = await phones()
      await account('sms', provider.account)
      await user('ada', { phone: '+15550112' })
      const frozen = await frozenApp('ada')
      const began = Date.now()
      const plan = [{ channel: 'sms', when: 'undelivered', after: 3 }] as const
      const id = await send({ to: 'ada', title: 'Are you there?', plan: [...plan] })
      await eventually(() => expect(frozen.received).toEqual([id]))
      await eventually(() => expect(provider.accepted).toHaveLength(1))
      expect(Date.now() - began).toBeGreaterThan(2_900)
      expect(provider.accepted).toMatchObject([
        { to: '+15550112', body: expect.stringContaining('Are you there?') },
      ])
      await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    },
  },
  {
    title: 'nothing is sent if the item is read elsewhere before the delay, and the ledger has the reason',
    run: async ({ account, app, frozenApp, ledger, mail, ok, send, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      await user('ada', { email: 'ada@home.example' })
      const frozen = await frozenApp('ada')
      await app('ada')
      const id = await send({ to: 'ada', plan: [{ channel: 'email', when: 'unread', after: 4 }] })
      await eventually(() => expect(frozen.received).toEqual([id]))
      await ok('POST', '/v1/inbox/read-all', {}, await token('ada'))
      await ledger(id, 'ada', { channel: 'email', state: 'skipped', reason: 'read' })
      expect(server.requests()).toBe(0)
    },
  },
  {
    title: 'an idle app shows the item, and the fallback is sent; once it is active again, it acknowledges',
    run: async ({ account, frozenApp, deliveries, ledger, phones, send, user }) => {
      const provider = await phones()
      await account('sms', provider.account)
      await user('ada', { phone: '+15550111' })
      const idle = await frozenApp('ada')
      idle.socket.emit('presence', { active: false })
      const plan = [
        { channel: 'sms', when: 'offline' },
        { channel: 'sms', when: 'undelivered', after: 1 },
      ] as const
      // An idle app does not count as connected, so no step waits for it. Other processes learn of it a little later, so sending
      // is repeated until they have.
      const id = await eventually(async () => {
        const began = Date.now()
        const sent = await send({ to: 'ada', plan: [...plan] })
        await eventually(() => expect(idle.received).toContain(sent))
        idle.socket.emit('inbox.received', { ids: idle.items })
        await ledger(sent, 'ada', { channel: 'sms', step: 0, state: 'sent' })
        expect(Date.now() - began).toBeLessThan(GRACE_MS)
        return sent
      })
      await ledger(id, 'ada', { channel: 'sms', step: 1, state: 'sent' })
      const inbox = async () =>
        (await deliveries(id, 'ada')).find(({ channel }) => channel === 'inbox')?.state
      expect(await inbox()).toBe('sent')
      idle.socket.emit('presence', { active: true })
      idle.socket.emit('inbox.received', { ids: idle.items })
      await eventually(async () => expect(await inbox()).toBe('delivered'))
    },
  },
  {
    title:
      'after a page reload no push is sent if the page acknowledges; without a reload, one is sent after the grace period',
    run: async ({ account, app, browser, device, ledger, send }) => {
      const [here, gone] = [await browser(), await browser()]
      await account('push', {
        provider: 'web-push',
        config: { origins: [...here.account.config.origins, ...gone.account.config.origins] },
      })
      await device('reloads', 'laptop', here.device)
      await device('leaves', 'laptop', gone.device)
      for (const user of ['reloads', 'leaves']) (await app(user)).close()
      const began = Date.now()
      const id = await send({ to: ['reloads', 'leaves'], plan: [{ channel: 'push', when: 'offline' }] })
      await app('reloads')
      await ledger(id, 'reloads', { channel: 'inbox', state: 'delivered' })
      await ledger(id, 'reloads', { channel: 'push', state: 'skipped', reason: 'delivered' })
      await ledger(id, 'leaves', { channel: 'push', state: 'sent' })
      expect(Date.now() - began).toBeGreaterThan(GRACE_MS * 0.9)
      expect(gone.accepted).toHaveLength(1)
      expect(here.requests).toEqual([])
    },
  },
]
