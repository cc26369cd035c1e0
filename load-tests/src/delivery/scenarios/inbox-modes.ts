import type { InboxPage, NotificationStatus, NotificationSummary } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const EMPTY = { unread: 0, unseen: 0 }

/** Scenarios with notifications that create a silent inbox item or none at all. */
export const INBOX_MODES: Scenario[] = [
  {
    title: 'a receipt goes by e-mail only: no item, nothing live, and what is pending is cancelled',
    run: async ({ account, app, ledger, mail, ok, phones, token, user }) => {
      const [server, company] = [await mail(), await phones()]
      await account('mail', server.account)
      await account('sms', company.account)
      await user('ada', { email: 'ada@home.example', phone: '+15550131' })
      await ok('PUT', '/v1/types/receipt', {
        inbox: 'none',
        plan: [
          { channel: 'email', when: 'unread' },
          { channel: 'sms', when: 'undelivered', after: 3_600 },
        ],
      })
      const client = await app('ada')
      const heard: string[] = []
      client.on('notification', ({ id }) => heard.push(id))
      const { id } = await ok<{ id: string }>('POST', '/v1/notifications', {
        ...{ to: 'ada', type: 'receipt', title: 'Your receipt', body: 'EUR 12' },
      })
      await eventually(() => expect(server.accepted).toHaveLength(1))
      expect(server.accepted[0]).toMatchObject({
        to: ['ada@home.example'],
        email: { subject: 'Your receipt' },
      })
      await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      const inbox = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token('ada'))
      expect(inbox).toMatchObject({ items: [], counts: EMPTY })
      expect([client.counts.getSnapshot(), heard]).toEqual([EMPTY, []])
      expect(await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)).toMatchObject({
        ...{ state: 'delivered', recipients: 1, deliveries: { email: { sent: 1 } } },
      })
      const { notifications } = await ok<{ notifications: NotificationSummary[] }>(
        ...(['GET', '/v1/notifications?user=ada'] as const),
      )
      expect(notifications.map((found) => found.id)).toEqual([id])
      await ok('DELETE', `/v1/notifications/${id}`)
      expect(company.requests).toEqual([])
    },
  },
  {
    title: 'without an item, offline asks who is there, and a version of a type holds until the last step',
    run: async ({ account, app, ledger, mail, ok, user }) => {
      const server = await mail()
      await account('mail', server.account)
      for (const id of ['here', 'away']) await user(id, { email: `${id}@home.example` })
      const type = { inbox: 'none', plan: [{ channel: 'email', when: 'offline', after: 2 }] }
      expect(await ok('PUT', '/v1/types/alert', type)).toMatchObject({ version: 1 })
      await app('here')
      const send = { to: ['here', 'away'], type: 'alert', title: 'Are you there?' }
      const { id } = await ok<{ id: string }>('POST', '/v1/notifications', send)
      expect(await ok('PUT', '/v1/types/alert', { plan: [] })).toMatchObject({ version: 2 })
      await ledger(id, 'here', { channel: 'email', state: 'skipped', reason: 'online' })
      await ledger(id, 'away', { channel: 'email', state: 'sent' })
      expect(server.accepted.map(({ to }) => to)).toEqual([['away@home.example']])
    },
  },
  {
    title: 'a silent item is counted, and nobody is disturbed',
    run: async ({ app, browser, account, device, ledger, send }) => {
      const theirs = await browser()
      await account('push', theirs.account)
      await device('ada', 'laptop', theirs.device)
      const client = await app('ada')
      const heard: (string | undefined)[] = []
      client.on('notification', ({ title }) => heard.push(title))
      const plan = [{ channel: 'push', when: 'always' }] as const
      const id = await send({ to: 'ada', title: 'quiet', inbox: 'silent', plan: [...plan] })
      await eventually(() => expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 }))
      await ledger(id, 'ada', { channel: 'push', state: 'skipped', reason: 'silent' })
      await send({ to: 'ada', title: 'loud' })
      await eventually(() => expect(heard).toEqual(['loud']))
      expect(client.counts.getSnapshot()).toEqual({ unread: 2, unseen: 2 })
      expect(theirs.requests).toEqual([])
    },
  },
]
