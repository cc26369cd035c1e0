import type { InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

/** The test route of a type, which sends to the real addresses of users. */
export const TYPE_TEST: Scenario = {
  title: 'a test of a type is sent at once, in the requested version, and marked as a test',
  run: async ({ account, ledger, mail, ok, token, user }) => {
    const server = await mail()
    await account('mail', server.account)
    await user('ada', { email: 'ada@home.example' })
    for (const version of [1, 2])
      await ok('PUT', '/v1/types/order.shipped', {
        sample: { n: 7 },
        content: { title: `Order {{ data.n }}, ${version}` },
        plan: [{ channel: 'email', when: 'unread', after: 3_600 }],
      })
    const test = async (more: object) =>
      (await ok<{ id: string }>('POST', '/v1/types/order.shipped/test', { to: 'ada', ...more })).id
    const id = await test({ version: 1 })
    await ledger(id, 'ada', { channel: 'email', state: 'sent' })
    await test({ channels: ['inbox'], data: { n: 8 } })
    expect(server.accepted.map(({ email }) => email.subject)).toEqual(['[Test] Order 7, 1'])
    await eventually(async () => {
      const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token('ada'))
      expect(items.map(({ title }) => title)).toEqual(['[Test] Order 8, 2', '[Test] Order 7, 1'])
    })
    expect(await ok('GET', `/v1/notifications/${id}`)).toMatchObject({ test: true })
    await ok('PUT', '/v1/suppressions/email/ada@home.example', {})
    const suppressed = await test({ channels: ['email'] })
    await ledger(suppressed, 'ada', { channel: 'email', state: 'skipped', reason: 'suppressed' })
  },
}

/** Layouts, partials and `env`, which are versioned with the types that use them. */
export const LAYOUTS: Scenario = {
  title: 'a notification of version 3 keeps its texts, layout, partials and env while version 4 is published',
  run: async ({ account, ledger, mail, ok, token, user }) => {
    const server = await mail()
    await account('mail', server.account)
    await user('ada', { email: 'ada@home.example' })
    const put = async (version: number) => {
      await ok('PUT', '/v1/env', { SHOP: `https://v${version}.example` })
      await ok('PUT', '/v1/partials/bye', { text: `Bye ${version} & {{ env.SHOP }}` })
      const html = `<!doctype html><p>Layout ${version}</p>{{ content }}<i>{% render 'bye' %}</i><a href="{{ unsubscribe_url }}">Stop</a>`
      await ok('PUT', '/v1/layouts/brand', { html })
      return ok<{ version: number }>('PUT', '/v1/types/order.shipped', {
        content: { title: `Version ${version}`, body: "{% render 'bye' %}" },
        channels: { email: { html: `<b>Version ${version}</b>`, layout: 'brand' } },
        plan: [{ channel: 'email', when: 'unread', after: 4 }],
      })
    }
    const send = async () =>
      (await ok<{ id: string }>('POST', '/v1/notifications', { to: 'ada', type: 'order.shipped' })).id
    for (const version of [1, 2, 3]) expect((await put(version)).version).toBe(version)
    const third = await send()
    const itemsOf = async () => (await ok<InboxPage>('GET', '/v1/inbox', undefined, await token('ada'))).items
    await eventually(async () => expect(await itemsOf()).toHaveLength(1))
    expect((await put(4)).version).toBe(4)
    await ledger(third, 'ada', { channel: 'email', state: 'sent' })
    const fourth = await send()
    await ledger(fourth, 'ada', { channel: 'email', state: 'sent' })
    expect(server.accepted).toHaveLength(2)
    for (const [index, version] of [3, 4].entries()) {
      const html = server.accepted[index]?.email.html ?? ''
      expect(html).toContain(`<p>Layout ${version}</p><b>Version ${version}</b>`)
      expect(html).toContain(`<i>Bye ${version} &amp; https://v${version}.example</i>`)
    }
    expect((await itemsOf()).map(({ title, body }) => [title, body])).toEqual([
      ['Version 4', 'Bye 4 & https://v4.example'],
      ['Version 3', 'Bye 3 & https://v3.example'],
    ])
  },
}
