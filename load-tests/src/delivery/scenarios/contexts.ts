import type { InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** Two customers of a tenant: each with its brand, senders and preferences. */
export const CONTEXTS: Scenario[] = [
  {
    title: 'messages have the brand, senders and account of their context, or else those of the tenant',
    run: async ({ account, ledger, mail, ok, phones, user }) => {
      const [main, shop, texts] = [await mail(), await mail(), await phones()]
      await account('main', { ...main.account, order: 1 })
      await account('shop', { ...shop.account, order: 2 })
      await account('texts', texts.account)
      await user('ada', { email: 'ada@home.example', phone: '+351911111111' })
      await ok('PUT', '/v1/tenant', {
        ...{ name: 'Carrier', url: 'https://carrier.example/', colors: { primary: '#111111' } },
        senders: { email: { replyTo: { email: 'help@carrier.example' } }, sms: { from: 'CARRIER' } },
      })
      await ok('PUT', '/v1/contexts/shop', {
        ...{ name: 'Shop', url: 'https://shop.example/app/', attributes: { phone: '123' } },
        senders: {
          email: { from: { email: 'hello@shop.example', name: 'Shop' }, account: 'shop' },
          sms: { from: 'SHOP' },
        },
      })
      await ok('PUT', '/v1/types/order.shipped', {
        content: {
          title: '{{ context.name }} by {{ tenant.name }}',
          body: 'Call {{ context.attributes.phone | default: "us" }}, {{ context.colors.primary }}',
          url: '/orders/7',
        },
        plan: [
          { channel: 'email', when: 'always' },
          { channel: 'sms', when: 'always' },
        ],
      })
      for (const context of ['shop', 'unknown', undefined]) {
        const { id } = await ok<{ id: string }>('POST', '/v1/notifications', {
          ...{ to: 'ada', type: 'order.shipped', ...(context && { context }) },
        })
        for (const channel of ['email', 'sms'] as const) await ledger(id, 'ada', { channel, state: 'sent' })
      }
      expect(shop.accepted.map(({ email }) => [email.from, email.subject])).toEqual([
        [expect.objectContaining({ address: 'hello@shop.example', name: 'Shop' }), 'Shop by Carrier'],
      ])
      const [branded] = shop.accepted
      expect(branded?.email.replyTo?.[0]?.address).toBe('help@carrier.example')
      expect(branded?.email.messageId).toContain('@shop.example>')
      expect(branded?.email.text).toContain('Call 123, #111111')
      expect(branded?.email.html).toContain('https://shop.example/orders/7')
      expect(main.accepted.map(({ email }) => email.subject)).toEqual(Array(2).fill('Carrier by Carrier'))
      expect(main.accepted[0]?.email.html).toContain('https://carrier.example/orders/7')
      expect(texts.accepted.map(({ from }) => from)).toEqual(['SHOP', 'CARRIER', 'CARRIER'])
    },
  },
  {
    title:
      'each person reads in the language of their profile, their app, the context or the tenant, and chooses by context',
    run: async ({ account, ledger, mail, ok, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      for (const id of ['ada', 'bia']) await user(id, { email: `${id}@home.example` })
      await ok('PUT', '/v1/tenant', { timezone: 'Europe/Berlin', defaults: { channels: { sms: false } } })
      await ok('PUT', '/v1/contexts/org-7', { locale: 'pt', timezone: 'Asia/Tokyo' })
      await ok('PUT', '/v1/types/order.shipped', {
        ...{ category: 'orders', locale: 'en' },
        content: { title: "Shipped {{ data.at | date: 'short', 'short' }}" },
        locales: { pt: { content: { title: "Enviado {{ data.at | date: 'short', 'short' }}" } } },
        plan: [{ channel: 'email', when: 'always' }],
      })
      const [ada, bia] = [await token('ada'), await token('bia')]
      await ok('PATCH', '/v1/me', { locale: 'en', timezone: 'UTC' }, bia)
      await ok('PATCH', '/v1/preferences?context=org-7', { categories: { orders: { email: false } } }, ada)
      const send = async (context?: string) =>
        (
          await ok<{ id: string }>('POST', '/v1/notifications', {
            ...{ to: ['ada', 'bia'], type: 'order.shipped', data: { at: '2026-03-01T23:30:00Z' } },
            ...(context && { context }),
          })
        ).id
      const inOrg = await send('org-7')
      await ledger(inOrg, 'ada', { channel: 'email', state: 'skipped', reason: 'opted_out' })
      await ledger(inOrg, 'bia', { channel: 'email', state: 'sent' })
      const general = await send()
      for (const person of ['ada', 'bia']) await ledger(general, person, { channel: 'email', state: 'sent' })
      const titles = async (bearer: string) =>
        eventually(async () => {
          const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, bearer)
          expect(items).toHaveLength(2)
          return items.map(({ title, context }) => [context, title?.replaceAll('\u202f', ' ')])
        })
      expect(await titles(ada)).toEqual([
        [undefined, 'Shipped 3/2/26, 12:30 AM'],
        ['org-7', 'Enviado 02/03/2026, 08:30'],
      ])
      expect(await titles(bia)).toEqual([
        [undefined, 'Shipped 3/1/26, 11:30 PM'],
        ['org-7', 'Shipped 3/1/26, 11:30 PM'],
      ])
      const { decisions } = await ok<{ decisions: object[] }>(
        ...(['GET', `/v1/notifications/${inOrg}/explain?user=ada`] as const),
      )
      expect(decisions).toContainEqual(
        expect.objectContaining({
          ...{ stage: 'preference', channel: 'email', outcome: 'skip' },
          ...{ by: 'user_context', path: 'categories.orders.email', reason: 'opted_out' },
        }),
      )
    },
  },
]
