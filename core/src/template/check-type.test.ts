import { ThrottleRule } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { templateFaults, templateWarnings } from './check-type.ts'

const faults = (type: Omit<Parameters<typeof templateFaults>[0], 'key'>) =>
  [...templateFaults({ key: 'x', ...type })]
    .flat()
    .map(({ path, message }) => `/${path.join('/')} ${message}`)
const warnings = (type: Omit<Parameters<typeof templateWarnings>[0], 'key'>) =>
  [...templateWarnings({ key: 'x', ...type })]
    .flat()
    .map(({ code, pointer, message }) => `${code} ${pointer} ${message}`)

describe('what is wrong with the templates of a type', () => {
  test('is reported with its pointer and line', () => {
    expect(
      faults({
        content: { title: 'fine', actions: [{ name: 'a', label: '{{ data.x | nofilter }}' }] },
        channels: { email: { html: '<p>\n{% if data.a > 1 nonsense %}{% endif %}', layout: 'brand' } },
        locales: {
          'pt-BR': { channels: { sms: { text: '{{ constructor }}{{ entries[0].title }}' } } },
          pl: { messages: { n: '{n, plural, one {x}' }, content: { body: "{% render 'footer' %}" } },
        },
      }),
    ).toEqual([
      '/locales/pt-BR/channels/sms/text line 1, column 4: there is no variable constructor; templates see data, user, context, tenant, actor, env, items, total, actors, total_actors, unsubscribe_url, preferences_url',
      '/locales/pt-BR/channels/sms/text line 1, column 21: there is no variable entries; templates see data, user, context, tenant, actor, env, items, total, actors, total_actors, unsubscribe_url, preferences_url',
      '/locales/pl/content/body line 1, column 1: there is no partial footer',
      expect.stringMatching(/^\/locales\/pl\/messages\/n is not an ICU message: /),
      expect.stringMatching(/^\/content\/actions\/0\/label line 1, column 1: undefined filter: nofilter/),
      '/channels/email/html line 2, column 1: unexpected nonsense in {% if data.a > 1 nonsense %}',
      '/channels/email/layout there is no layout brand',
    ])
  })
  test('is reported for the keys of groups', () => {
    expect(faults({ group: '{{ nope.x }}' })).toEqual([
      expect.stringMatching(/^\/group line 1, column 4: there is no variable nope/),
    ])
    expect(
      warnings({ group: '{{ data.post }}', schema: { type: 'object', properties: { post: {} } } }),
    ).toEqual(['maybe_missing /group line 1: data.post has no default, and the schema does not require it'])
  })
  test('is reported for each of thousands of partials', () => {
    expect(faults({ content: { body: "{% render 'no' %}".repeat(3_500) } })).toHaveLength(3_500)
  })
  test('is nothing about its own names', () => {
    expect(
      faults({
        content: {
          body: '{% for i in data.list %}{{ forloop.index }}{{ i.n }}{% endfor %}{% assign a = user.name %}{{ a }}',
        },
      }),
    ).toEqual([])
  })
})

describe('what is wrong with digests and throttles', () => {
  // The linter refuses the literal, as a promise in disguise.
  const excess = (mode: 'skip' | 'digest') =>
    ThrottleRule.parse(Object.fromEntries([...Object.entries({ limit: 1, window: 60 }), ['then', mode]]))
  test('is a key that does not parse, reads what keys do not see, or needs the library', () => {
    const digest = (key: string) => ({ key, window: 60 })
    const step = (key: string) => ({ channel: 'sms', when: 'always', after: 0, digest: digest(key) }) as const
    expect(
      faults({
        digest: digest('{{ data.post }}{{ user.id }}{{ context.key }}{{ tenant.id }}'),
        throttle: { limit: 1, window: 60, key: '{{ data.x | nofilter }}' },
        plan: [step('plain'), step("{% render 'footer' %}")],
        variants: [{ key: 'a', weight: 1, plan: [step('{{ items }}')] }],
      }),
    ).toEqual([
      expect.stringMatching(/^\/throttle\/key line 1, column 1: undefined filter: nofilter/),
      '/plan/1/digest/key line 1, column 1: there is no partial footer',
      '/variants/0/plan/0/digest/key line 1, column 4: there is no variable items; templates see data, user, context, tenant',
    ])
  })

  test('is a throttle whose excess joins a digest that does not exist', () => {
    const throttle = excess('digest')
    const digest = { key: 'x', window: 60 }
    expect(faults({ throttle })).toEqual(['/throttle/then the type has no digest'])
    expect(faults({ throttle, digest })).toEqual([])
    expect(faults({ throttle: excess('skip') })).toEqual([])
    expect(
      [...templateFaults({ key: 'carillon.digest', throttle, digest })].flat().map(({ message }) => message),
    ).toEqual(['a summary joins no digest'])
  })
})

describe('what may be an oversight', () => {
  const schema = {
    type: 'object',
    required: ['number', 'to'],
    properties: { to: { type: 'object', required: ['city'] }, lines: { $ref: '#/$defs/lines' } },
  }
  test('a value that the schema does not require, without a default', () => {
    expect(
      warnings({
        schema,
        content: {
          title: '{{ data.number }} {{ data.carrier }} {{ data.day | default: "soon" }}',
          body: '{{ data.to.city }}{% if data.note %}{{ data.note }}{% endif %}\n{{ data.to.zip }}',
        },
      }),
    ).toEqual([
      'maybe_missing /content/title line 1: data.carrier has no default, and the schema does not require it',
      'maybe_missing /content/body line 2: data.to.zip has no default, and the schema does not require it',
    ])
    expect(warnings({ content: { title: '{{ data.carrier }}' } })).toEqual([])
  })
  test('a URL that is not a link, whatever the data', () => {
    const path = 'must be http(s), mailto, tel or a path that starts with /; it is omitted from every message'
    const urls = (url: string) => warnings({ content: { url } })
    for (const url of ['orders/1', 'orders/{{ user.id }}', 'javascript:x{{ user.id }}', 'www.example.com'])
      expect(urls(url)).toEqual([`not_a_link /content/url ${path}`])
    for (const url of [
      ...['/orders/1', '/{{ user.id }}', 'https://shop.example', 'HTTPS://shop.example/{{ user.id }}', ''],
      ...[
        'mailto:a@b.example',
        'tel:+351',
        '{{ tenant.url }}/orders',
        'http{% if true %}s{% endif %}://x.example',
      ],
    ])
      expect(urls(url)).toEqual([])
    expect(
      warnings({
        content: { title: 'orders/1', image: '//other.example/x.png' },
        locales: { pt: { content: { title: 'x', actions: [{ name: 'open', label: 'x', url: 'orders' }] } } },
      }).filter((text) => text.startsWith('not_a_link')),
    ).toEqual([
      `not_a_link /locales/pt/content/actions/0/url ${path}`,
      'not_a_link /content/image must start with one / and stay on its host; it is omitted from every message',
    ])
  })
  test('a text without a translation', () => {
    expect(
      warnings({
        content: { title: 'T', body: 'B', url: '/x' },
        channels: { email: { subject: 'S' }, sms: { text: "{{ 'm' | t }}" } },
        messages: { m: 'M', n: 'N' },
        locales: {
          pt: { content: { title: 'T' }, messages: { m: 'M' } },
          'pt-BR': { content: { body: 'B' } },
        },
      }),
    ).toEqual([
      'untranslated /content/body has no translation to pt',
      'untranslated /messages/n has no translation to pt',
      'untranslated /messages/n has no translation to pt-BR',
    ])
  })
})
