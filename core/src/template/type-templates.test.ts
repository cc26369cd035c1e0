import type { DeliveryChannel } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { digestItemsOf } from './digest-items.ts'
import type { Templated } from './languages.ts'
import type { Scope } from './scope.ts'
import { prepareTemplates, type Viewer } from './type-templates.ts'

const NAME = `Tom & "Jo" <O'Neil>`

const render = (
  type: Omit<Templated, 'key'>,
  channel: DeliveryChannel,
  { data = {}, user = {}, ...viewer }: Partial<Viewer & Scope> = {},
) =>
  prepareTemplates({ key: 'order.shipped', ...type }, { insecureLinks: 'refuse' }).render(
    channel,
    { ...digestItemsOf([]), data, user, tenant: {}, actor: {}, context: {} },
    { timezone: 'UTC', now: Date.parse('2026-03-01T12:00:00Z'), ...viewer },
  )
const textsOf = (...parts: Parameters<typeof render>) => render(...parts).texts

describe('a value', () => {
  const type = {
    content: { title: '{{ data.name }}', body: '{{ data.name }}', url: '/search?q={{ data.name }}' },
    channels: { email: { html: '<b>{{ data.name }}</b>', subject: '{{ data.name }}!' } },
  }
  const data = { name: NAME }

  test.each(['inbox', 'push', 'sms', 'slack', 'telegram'] as const)('is verbatim in %s', (channel) => {
    expect(textsOf(type, channel, { data })).toMatchObject({ title: NAME, body: NAME })
  })
  test('is verbatim in the subject, and escaped once in HTML', () => {
    expect(textsOf(type, 'email', { data })).toEqual({
      subject: `${NAME}!`,
      html: '<b>Tom &amp; &quot;Jo&quot; &lt;O&#39;Neil&gt;</b>',
      ...{ lang: 'en', dir: 'ltr' },
    })
  })
  test('is intact inside a URL', () => {
    const { url = '' } = textsOf(type, 'inbox', { data })
    expect(new URL(url, 'https://x.example').searchParams.get('q')).toBe(NAME)
  })
  test.each(['javascript:alert(1)', '//evil.example', 'http://x.example', 'data:text/html,x'])(
    'is no link if it is %s',
    (link) => {
      const { texts, faults } = render({ content: { url: '{{ data.link }}' } }, 'inbox', { data: { link } })
      expect([texts.url, faults.map(({ pointer }) => pointer)]).toEqual(['', ['/content/url']])
    },
  )
})

describe('the language', () => {
  const type = {
    locale: 'en',
    content: { title: 'Shipped', body: 'On its way' },
    channels: { email: { subject: 'Your order' }, sms: { text: 'Order: shipped' } },
    messages: { a: 'A', b: 'B' },
    locales: {
      pt: { content: { title: 'Enviada' }, messages: { a: 'Á', b: 'Bê' } },
      'pt-BR': { messages: { a: 'Ah' } },
      ar: { content: { title: 'شحن' } },
    },
  }
  test('decides before the channel: the Portuguese title is the subject', () => {
    expect(textsOf(type, 'email', { locale: 'pt-BR' })).toEqual({
      ...{ subject: 'Enviada', title: 'Enviada', body: 'On its way', lang: 'pt', dir: 'ltr' },
    })
    expect(textsOf(type, 'email', { locale: 'de' })).toMatchObject({ subject: 'Your order', lang: 'en' })
  })
  test('decides for a text that stands in for title and body', () => {
    expect(textsOf(type, 'sms', { locale: 'pt' })).toMatchObject({ title: 'Enviada', body: 'On its way' })
    expect(textsOf(type, 'sms', { locale: 'en-GB' })).toEqual({
      ...{ text: 'Order: shipped', lang: 'en', dir: 'ltr' },
    })
  })
  test('falls back key by key', () => {
    const content = { title: "{{ 'a' | t }} {{ 'b' | t }}" }
    expect(
      textsOf({ ...type, content, locales: { ...type.locales, pt: { messages: { b: 'Bê' } } } }, 'inbox', {
        locale: 'pt-BR',
      }),
    ).toEqual({
      ...{ title: 'Ah Bê', lang: 'pt-BR', dir: 'ltr' },
    })
  })
  test('has a direction', () => {
    expect(textsOf(type, 'push', { locale: 'ar-EG' })).toMatchObject({ lang: 'ar', dir: 'rtl' })
  })
  test('of a person without one is that of the type', () => {
    expect(textsOf({ ...type, locale: 'he' }, 'inbox')).toMatchObject({ lang: 'he', dir: 'rtl' })
  })
  test('chooses the plural', () => {
    const items = {
      pl: '{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}',
      ar: '{n, plural, zero {z} one {one} two {two} few {few} many {many} other {other}}',
    }
    const plural = (locale: 'pl' | 'ar') =>
      [1, 2, 5, 11, 22].map(
        (n) =>
          textsOf(
            {
              content: { title: "{{ 'items' | t: n: data.n }}" },
              locales: { [locale]: { messages: { items: items[locale] } } },
            },
            'inbox',
            { locale, data: { n } },
          ).title,
      )
    expect(plural('pl')).toEqual(['1 plik', '2 pliki', '5 plików', '11 plików', '22 pliki'])
    expect(plural('ar')).toEqual(['one', 'two', 'few', 'many', 'many'])
  })
})

describe('what is wrong', () => {
  test('is reported with the template, the value and its line', () => {
    const type = { content: { title: 'a' }, locales: { pt: { content: { title: 'x\n{{ data.n }}' } } } }
    expect(render(type, 'inbox', { locale: 'pt' })).toMatchObject({
      texts: { title: 'x' },
      faults: [
        { pointer: '/locales/pt/content/title', line: 2, name: 'data.n', message: 'data.n has no value' },
      ],
    })
  })
  test('leaves the field empty if the template fails', () => {
    const { texts, faults } = render(
      { content: { title: '{{ data.n | currency: "EUR" }}', body: 'b' } },
      'inbox',
      {
        data: { n: 'x' },
      },
    )
    expect([texts.title, texts.body, faults.length]).toEqual(['', 'b', 1])
    expect(textsOf({ content: { title: '{{ broken' } }, 'inbox').title).toBe('')
  })
  test('leaves out a link without its value', () => {
    expect(textsOf({ content: { url: '/orders/{{ data.n }}' } }, 'inbox').url).toBe('')
  })
  test('a field that is left open is absent', () => {
    expect(textsOf({ channels: { email: { subject: 's' } } }, 'inbox')).toEqual({})
  })
  test.each(['{{7*7}}', '{n, plural, one {x}}', 'constructor'])('%s in data stays text', (x) => {
    expect(textsOf({ content: { title: '{{ data.x }}' } }, 'inbox', { data: { x } }).title).toBe(x)
  })
})

test('long texts are cut between grapheme clusters', () => {
  const { title = '' } = textsOf({ content: { title: '{{ data.x }}' } }, 'inbox', {
    data: { x: `${'a'.repeat(505)}👩‍👩‍👧‍👦👩‍👩‍👧‍👦` },
  })
  expect(title).toBe(`${'a'.repeat(505)}…`)
})

test('an item is personal if its templates use the user', () => {
  const personal = (type: Omit<Templated, 'key'>) =>
    prepareTemplates({ key: 'x', ...type }, { insecureLinks: 'refuse' }).personal
  expect(personal({ content: { title: '{{ data.user }}' } })).toBe(false)
  expect(personal({ content: { title: 't' }, channels: { email: { html: '{{ user.name }}' } } })).toBe(false)
  expect(personal({ content: { title: '{% if user.name %}x{% endif %}' } })).toBe(true)
  expect(personal({ locales: { pt: { content: { url: '/u/{{ user.id }}' } } } })).toBe(true)
})

describe('the group of an item', () => {
  const groupOf = (type: Omit<Templated, 'key'>, data: Record<string, unknown> = {}) =>
    prepareTemplates({ key: 'x', ...type }, { insecureLinks: 'refuse' }).group(
      { ...digestItemsOf([]), data, user: { id: 'ada' }, tenant: {}, actor: {}, context: {} },
      { timezone: 'UTC', now: 0 },
    )

  test('has the key that the type makes, by default that of its digest', () => {
    expect(groupOf({ group: ' post-{{ data.post }} ' }, { post: 7 })).toEqual({ key: 'post-7', faults: [] })
    expect(groupOf({ group: 'all', digest: { key: '{{ data.post }}' } }).key).toBe('all')
    expect(groupOf({ digest: { key: '{{ data.post }}' } }, { post: '__proto__' }).key).toBe('__proto__')
    expect(groupOf({ digest: {} })).toEqual({ faults: [] })
    expect(groupOf({})).toEqual({ faults: [] })
    expect(groupOf({ group: '{% if data.post %}x{% endif %}' })).toEqual({ faults: [] })
  })

  test.each([
    ['lacks a value', 'post-{{ data.post }}', {}, 'data.post has no value'],
    ['fails', '{{ data.post | currency: "EUR" }}', { post: 'x' }, expect.any(String)],
    [
      'is too long',
      '{{ data.post }}',
      { post: 'x'.repeat(257) },
      'the key is longer than 256 UTF-16 code units',
    ],
  ])('is none if the key %s, and the fault says so', (_, group, data, message) => {
    expect(groupOf({ group }, data)).toEqual({
      faults: [expect.objectContaining({ pointer: '/group', line: 1, message })],
    })
  })

  test('of 256 characters is accepted, and makes items personal if it uses the user', () => {
    expect(groupOf({ group: '{{ data.post }}' }, { post: 'é'.repeat(256) }).key).toHaveLength(256)
    const personal = (group: string) =>
      prepareTemplates({ key: 'x', group }, { insecureLinks: 'refuse' }).personal
    expect([personal('{{ data.user }}'), personal('{{ user.id }}')]).toEqual([false, true])
  })
})
