import type { InboxPage, PreferenceChange } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** What users choose, between publishing and sending. */
export const PREFERENCES: Scenario[] = [
  {
    title: 'e-mail that is switched off after publishing and before the step is due is not sent',
    run: async ({ account, ledger, mail, ok, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      for (const id of ['ada', 'bob']) await user(id, { email: `${id}@home.example` })
      await ok('PUT', '/v1/types/order.shipped', {
        category: 'orders',
        plan: [{ channel: 'email', when: 'unread', after: 10 }],
      })
      const ada = await token('ada')
      const { id } = await ok<{ id: string }>('POST', '/v1/notifications', {
        ...{ to: ['ada', 'bob'], type: 'order.shipped', title: 'On its way' },
      })
      await ok('PATCH', '/v1/preferences', { categories: { orders: { email: false } } }, ada)
      await ledger(id, 'ada', { channel: 'email', state: 'skipped', reason: 'opted_out' })
      await ledger(id, 'bob', { channel: 'email', state: 'sent' })
      expect(server.accepted.map(({ to }) => to)).toEqual([['bob@home.example']])
      await eventually(async () => {
        const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, ada)
        expect(items.map(({ title }) => title)).toEqual(['On its way'])
      })
      const { decisions } = await ok<{ decisions: object[] }>(
        ...(['GET', `/v1/notifications/${id}/explain?user=ada`] as const),
      )
      expect(decisions).toContainEqual(
        expect.objectContaining({
          ...{ stage: 'preference', channel: 'email', outcome: 'skip' },
          ...{ by: 'user', path: 'categories.orders.email', reason: 'opted_out' },
        }),
      )
    },
  },
  {
    title: 'the one click of a mail program ends further e-mail of the category, whatever was chosen before',
    run: async ({ account, hub, ledger, mail, ok, token, user }) => {
      const server = await mail()
      await account('mail', server.account)
      await user('ada', { email: 'ada@home.example' })
      const plan = [{ channel: 'email', when: 'always', after: 0 }]
      const html = '<a href="{{ unsubscribe_url }}">stop</a> <a href="{{ preferences_url }}">choose</a>'
      const type = { category: 'news', plan, channels: { email: { subject: '{{ data.n }}', html } } }
      await ok('PUT', '/v1/types/news.weekly', type)
      await ok('PUT', '/v1/types/news.alert', { category: 'alerts', plan })
      const ada = await token('ada')
      await ok('PATCH', '/v1/preferences', { types: { 'news.weekly': { email: true } } }, ada)
      await ok('PATCH', '/v1/preferences?context=team-7', { categories: { news: { email: true } } }, ada)
      const send = async (n: number, more: object = {}) =>
        (
          await ok<{ id: string }>('POST', '/v1/notifications', {
            ...{ to: 'ada', type: 'news.weekly', title: 'News', data: { n }, ...more },
          })
        ).id
      await send(1, { context: 'team-7' })
      await eventually(() => expect(server.accepted).toHaveLength(1))

      const [{ email } = { email: undefined }] = server.accepted
      const header = (name: string) => email?.headers.find(({ key }) => key === name)?.value
      const url = /^<(.+)>$/.exec(header('list-unsubscribe') ?? '')?.[1] ?? ''
      expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
      expect(email?.html).toContain(`<a href="${url}">stop</a>`)
      expect(email?.html).toMatch(/<a href="https:\/\/bell\.example\.test\/preferences#[\w.-]+">choose/)
      const link = `${hub()}${new URL(url).pathname}`
      const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
      expect((await fetch(link)).status).toBe(200)
      await ledger(await send(2), 'ada', { channel: 'email', state: 'sent' })
      for (let clicks = 0; clicks < 2; clicks++)
        expect((await fetch(link, { method: 'POST', body })).status).toBe(200)

      for (const more of [{}, { context: 'team-7' }, { context: 'team-8' }, { priority: 'critical' }])
        await ledger(await send(3, more), 'ada', { channel: 'email', state: 'skipped', reason: 'opted_out' })
      await ledger(await send(4, { type: 'news.alert' }), 'ada', { channel: 'email', state: 'sent' })
      expect(server.accepted).toHaveLength(3)
      const { changes } = await ok<{ changes: PreferenceChange[] }>(
        'GET',
        '/v1/users/ada/preferences/changes',
      )
      expect(changes.filter(({ via }) => via === 'link').map(({ value }) => value)).not.toContain(true)
    },
  },
]
