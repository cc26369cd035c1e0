import { renderEmail } from '@carillon/core/render/email'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { InboxItem, NotificationType, PlanStep } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from './sending/testing/scripted.ts'
import { openWorld, type World } from './testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
const step = (channel: PlanStep['channel'], more: Partial<PlanStep> = {}): PlanStep => ({
  ...{ channel, when: 'always', after: 0 },
  ...more,
})

const TYPE = {
  key: 'order.shipped',
  name: 'Order shipped',
  content: {
    title: 'Order {{ data.number }} is on its way',
    body: 'It leaves on {{ data.at | date: "long", "short" }}.',
    url: '/orders/{{ data.number }}',
  },
  locales: { pt: { content: { title: 'A encomenda {{ data.number }} vai a caminho' } } },
}
const DATA = { number: 7, at: '2026-03-01T23:30:00Z' }

const open = async (
  type: Omit<NotificationType, 'version' | 'key'> = TYPE,
  options: { publicUrl?: string } = {},
) => {
  const mail = scripted('mail', ['email'])
  const sms = scripted('text', ['sms'], { needs: 'phone' })
  const push = scripted('fcm', ['push'], { needs: 'device' })
  world = await openWorld({
    providers: providersOf(mail, sms, push),
    appUrl: 'https://app.example',
    ...options,
  })
  for (const { provider } of [mail, sms, push]) await world.account(provider.name)
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111', name: 'Ada' })
  await world.store.types.put(world.tenant, { key: TYPE.key, ...type })
  const items = async (user = 'ada') =>
    (await world.store.inbox.page({ tenant: world.tenant, user }, { status: 'active', limit: 10 })).items
  const send = (more: object = {}) => world.send({ id: 'n1', to: 'ada', type: TYPE.key, data: DATA, ...more })
  return { ...world, mail, sms, push, items, send }
}

const errors = async () => (await world.metrics.templateErrors.get()).values[0]?.value

describe('an item', () => {
  test('has the texts of its type in the language and time zone of each recipient', async () => {
    const { items, person, send, quiet } = await open()
    await person('bia', { locale: 'pt-BR', timezone: 'America/Sao_Paulo' })
    await send({ to: ['ada', 'bia'] })
    await quiet()
    expect(await items()).toMatchObject([
      {
        title: 'Order 7 is on its way',
        body: 'It leaves on March 1, 2026 at 11:30 PM.',
        url: '/orders/7',
      },
    ])
    expect(await items('bia')).toMatchObject([
      {
        title: 'A encomenda 7 vai a caminho',
        body: expect.stringContaining('1 de março de 2026 às 20:30'),
      },
    ])
  })

  test('is rendered once for each language of an audience, with one read of profiles per chunk', async () => {
    const { items, person, send, quiet, store, tenant } = await open()
    const users = Array.from({ length: 620 }, (_, index) => `user-${index}`)
    for (const user of users.slice(0, 310)) await person(user, { locale: 'pt' })
    for (let from = 0; from < users.length; from += 500)
      await store.topics.add(tenant, 'all', users.slice(from, from + 500))
    const reads = vi.spyOn(store.users, 'get')
    const put = vi.spyOn(store.inbox, 'put')
    await send({ to: { topic: 'all' } })
    await quiet()
    expect(reads).toHaveBeenCalledTimes(put.mock.calls.length)
    for (const [stored] of put.mock.calls) {
      const contents = new Set(stored.map(({ content }) => content))
      expect(contents.size).toBe(new Set(stored.map(({ rendering }) => rendering)).size)
      expect(contents.size).toBeLessThanOrEqual(2)
    }
    expect((await items('user-0'))[0]?.title).toBe('A encomenda 7 vai a caminho')
    expect((await items('user-619'))[0]?.title).toBe('Order 7 is on its way')
  })

  test('may address the person', async () => {
    const { items, person, send, quiet } = await open({ content: { title: 'Hi {{ user.name }}' } })
    await person('bia', { name: `Tom & "Jo" <O'Neil>` })
    await send({ to: ['ada', 'bia'] })
    await quiet()
    expect([(await items())[0]?.title, (await items('bia'))[0]?.title]).toEqual([
      'Hi Ada',
      `Hi Tom & "Jo" <O'Neil>`,
    ])
  })

  test('has what the notification says itself where the type leaves it open', async () => {
    const { items, send, quiet } = await open({ category: 'orders', content: { title: 'T' } })
    await send({ title: 'ignored', body: 'B', category: 'ignored' })
    await quiet()
    expect(await items()).toMatchObject([{ title: 'T', body: 'B', category: 'orders' }])
  })

  test('belongs to the group that its type names, also without texts, and its live message has the key', async () => {
    const { items, send, quiet, store, tenant } = await open({ group: 'order-{{ data.number }}' })
    const shown = vi.spyOn(world.live, 'deliver')
    await send({ id: 'a', title: 'A' })
    await send({ id: 'b', title: 'B' })
    await send({ id: 'c', title: 'C', data: {} })
    await quiet()
    const groups = (await items()).map(({ title, group }) => [title, group?.key])
    expect(new Map(groups as [string, string][])).toEqual(
      new Map([
        ['A', 'order-7'],
        ['B', 'order-7'],
        ['C', undefined],
      ]),
    )
    const sent = shown.mock.calls.flat(2).map(({ payload }) => (payload as { item?: InboxItem }).item)
    expect(sent.flatMap((item) => item?.group ?? [])).toEqual([{ key: 'order-7' }, { key: 'order-7' }])
    expect(await store.decisions.of(tenant, { id: 'c', toAudience: false, user: 'ada' })).toMatchObject([
      {
        stage: 'inbox',
        reason: 'template_error',
        path: 'group',
        detail: expect.stringContaining('data.number'),
      },
    ])
    const list = await store.inbox.page(
      { tenant, user: 'ada' },
      { status: 'active', limit: 10, grouped: true },
    )
    expect(list.items.map(({ group }) => group?.count).toSorted()).toEqual([2, undefined])
  })

  test('is never lost to a template: what fails is empty, counted and on record', async () => {
    const { items, send, quiet, store, tenant } = await open({
      name: 'Order shipped',
      content: {
        title: '{{ data.number | currency: "EUR" }}',
        body: 'For {{ data.who }}',
        url: '/o/{{ data.id }}',
      },
    })
    await send({ data: { number: 'x' } })
    await quiet()
    const [item] = await items()
    expect([item?.title, item?.body, item?.url]).toEqual(['Order shipped', 'For', undefined])
    expect(await errors()).toBe(3)
    const about = { id: 'n1', toAudience: false, user: 'ada' }
    expect(await store.decisions.of(tenant, about)).toMatchObject([
      {
        ...{ stage: 'inbox', outcome: 'pass', by: 'type', reason: 'template_error' },
        ...{ path: 'content.title', detail: 'line 1: currency needs a number' },
      },
    ])
  })

  test.each(['{{7*7}}', '{n, plural, one {x}}', '__proto__'])('keeps %s in data as text', async (number) => {
    const { items, send, quiet } = await open()
    await send({ data: { ...DATA, number } })
    await quiet()
    expect((await items())[0]?.title).toBe(`Order ${number} is on its way`)
  })
})

describe('a message', () => {
  const NAME = `Tom & "Jo" <O'Neil>`
  test('has the texts of its channel', async () => {
    const { mail, sms, send } = await open({
      content: { title: 'From {{ data.name }}', url: '/?q={{ data.name }}' },
      channels: {
        email: {
          subject: 'Mail from {{ data.name }}',
          html: '<p>Dear <b>{{ user.name }}</b>: {{ data.name }}</p>',
        },
        sms: { text: 'SMS from {{ data.name }}' },
      },
    })
    await send({ data: { name: NAME }, plan: [step('email'), step('sms')] })
    await until(() => expect([mail.got.length, sms.got.length]).toEqual([1, 1]))
    const email = renderEmail(mail.got[0]!)
    expect(email.subject).toBe(`Mail from ${NAME}`)
    expect(email.html).toContain('<p>Dear <b>Ada</b>: Tom &amp; &quot;Jo&quot; &lt;O&#39;Neil&gt;</p>')
    expect(email.html).toContain('<html lang="en" dir="ltr"')
    expect(email.text).toBe(`Dear Ada: ${NAME}\n`)
    const { title, body, url = '' } = sms.got[0]!.content
    expect([title, body, new URL(url).searchParams.get('q')]).toEqual([undefined, `SMS from ${NAME}`, NAME])
  })

  test('takes the language before the channel', async () => {
    const { mail, person, send } = await open({
      channels: { email: { subject: 'Your order' } },
      locales: { pt: { content: { title: 'A sua encomenda' } } },
    })
    await person('ada', { email: 'ada@example.org', locale: 'pt-BR' })
    await send({ plan: [step('email')] })
    await until(() => expect(mail.got).toHaveLength(1))
    const { subject, html } = renderEmail(mail.got[0]!)
    expect([subject, /<html [^>]*>/.exec(html)?.[0]]).toEqual([
      'A sua encomenda',
      expect.stringContaining('lang="pt" dir="ltr"'),
    ])
  })

  test('is rendered when it is sent: by the version of its notification, for the person as they are now', async () => {
    const { items, mail, person, send, store, tenant } = await open()
    await send({ plan: [step('email', { after: 1 })] })
    await until(async () => expect(await items()).toHaveLength(1))
    await person('ada', { email: 'ada@example.org', locale: 'pt' })
    await store.types.put(tenant, { key: TYPE.key, content: { title: 'Another version' } })
    await until(() => expect(mail.got).toHaveLength(1))
    expect(mail.got[0]?.content).toMatchObject({ title: 'A encomenda 7 vai a caminho', lang: 'pt' })
  })

  test('for a device is rendered for its person, too', async () => {
    const { push, person, send, store, tenant } = await open()
    await person('ada', { locale: 'pt' })
    const device: StoredDevice = {
      id: 'phone',
      device: { kind: 'fcm', token: 'x'.repeat(40) },
      createdAt: Date.now(),
    }
    await store.devices.put(tenant, 'ada', device)
    await send({ plan: [step('push')] })
    await until(() => expect(push.got).toHaveLength(1))
    expect(push.got[0]?.content.title).toBe('A encomenda 7 vai a caminho')
  })

  test('that lacks a value fails its step, and the next one is due', async () => {
    const { mail, sms, send, ledger, quiet } = await open({
      content: { title: 'Order {{ data.number }}' },
      channels: { email: { html: '<p>\n{{ data.carrier }}</p>' } },
    })
    await send({ plan: [step('email'), step('sms', { when: 'failed' })] })
    await until(() => expect(sms.got).toHaveLength(1))
    await quiet()
    expect(mail.got).toEqual([])
    expect(await ledger('n1', 'ada')).toMatchObject([
      {
        ...{ channel: 'email', state: 'failed', reason: 'template_error' },
        detail: '/channels/email/html, line 2: data.carrier has no value',
      },
      { channel: 'sms', state: 'sent' },
    ])
    expect(await errors()).toBe(1)
  })

  test('without an item has its texts as well', async () => {
    const { mail, send, items } = await open({ ...TYPE, inbox: 'none' })
    await send({ plan: [step('email')] })
    await until(() => expect(mail.got).toHaveLength(1))
    expect(mail.got[0]?.content.title).toBe('Order 7 is on its way')
    expect(await items()).toEqual([])
  })
})

describe('the links to unsubscribe and to the preferences', () => {
  const shown = '{{ unsubscribe_url }} {{ preferences_url }}'
  const linked = {
    content: { title: 'Hi', body: `[${shown}]` },
    channels: {
      email: { html: '<a href="{{ unsubscribe_url }}">x</a> {{ preferences_url }}' },
      sms: { text: shown },
    },
    plan: [step('email'), step('sms'), step('push')],
  }
  const unsubscribe = /https:\/\/hub\.example\/v1\/unsubscribe\/[\w.-]+/
  const preferences = /https:\/\/hub\.example\/preferences#[\w.-]+/

  test('are in the templates of every channel but the inbox, and in the headers of e-mails', async () => {
    const { items, mail, sms, push, send } = await open(linked, { publicUrl: 'https://hub.example/' })
    await send()
    await until(() => expect([mail, sms, push].map(({ got }) => got.length)).toEqual([1, 1, 0]))
    expect((await items())[0]?.body).toBe('[ ]')
    const [message] = mail.got
    expect(message?.content.html).toMatch(
      new RegExp(`^<a href="${unsubscribe.source}">x</a> ${preferences.source}$`),
    )
    expect(message?.content.html).toContain(`"${message?.unsubscribeUrl}"`)
    expect(sms.got[0]?.content.body).toMatch(new RegExp(`^${unsubscribe.source} ${preferences.source}$`))
    expect(sms.got[0]?.unsubscribeUrl).toBeUndefined()
  })

  test('have no unsubscribe link for types without opt-out', async () => {
    const type = { ...linked, optOut: false }
    const { mail, sms, send } = await open(type, { publicUrl: 'https://hub.example' })
    await send()
    await until(() => expect([mail, sms].map(({ got }) => got.length)).toEqual([1, 1]))
    expect(mail.got[0]?.unsubscribeUrl).toBeUndefined()
    expect(mail.got[0]?.content.html).toMatch(new RegExp(`^<a href="">x</a> ${preferences.source}$`))
    expect(sms.got[0]?.content.body).toMatch(new RegExp(`^${preferences.source}$`))
  })
})
