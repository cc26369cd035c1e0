import { describe, expect, test } from 'vitest'
import { createEngine, type Medium, OUTPUT_MAX, SafeHtml } from './engine.ts'
import type { FindPartial } from './partials.ts'
import type { Recipient } from './recipient.ts'
import { TemplateError } from './template-error.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const recipient = (more: Partial<Recipient> = {}): Recipient => ({
  locale: 'en',
  timezone: 'UTC',
  now: NOW,
  messages: [],
  ...more,
})
/** Partials of plain text; those whose key ends with `.html` are HTML. */
const partialsOf =
  (partials: Record<string, string>): FindPartial =>
  (key) => {
    const source = partials[key]
    const medium = key.endsWith('.html') ? 'html' : 'text'
    return source === undefined ? undefined : { medium, source, messages: [] }
  }
const render = (
  template: string,
  data: Record<string, unknown> = {},
  { medium = 'text' as Medium, to = {}, partials = {} as Record<string, string> } = {},
) => createEngine(medium, partialsOf(partials))(template)({ data }, recipient(to))
const text = (...parts: Parameters<typeof render>) => render(...parts).text

const fault = (...parts: Parameters<typeof render>): [string, number] => {
  try {
    render(...parts)
  } catch (error) {
    if (error instanceof TemplateError) return [error.message, error.line]
    throw error
  }
  throw new Error('it was rendered')
}

describe('a template', () => {
  test('has variables, conditions, loops and partials', () => {
    const source = `{% for item in data.items %}{% if item.n > 1 %}{{ item.n }} {{ item.name }};{% endif %}{% endfor %}{% render 'bye', name: data.name %}`
    const data = {
      name: 'Ada',
      items: [
        { n: 1, name: 'a' },
        { n: 2, name: 'b' },
      ],
    }
    expect(text(source, data, { partials: { bye: 'Bye {{ name }}' } })).toBe('2 b;Bye Ada')
  })

  test.each(['{{7*7}}', '{n, plural, one {x}}', '{% raw %}', 'constructor', '{{ data.x }}'])(
    'leaves %s in data as it is',
    (x) => expect(text('{{ data.x }}', { x })).toBe(x),
  )

  test.each(['constructor', '__proto__', 'toString', 'length.constructor', 'list.constructor.constructor'])(
    'sees only own properties: %s is missing',
    (path) => {
      const { text, missing } = render(`{{ data.${path} }}`, { list: [] })
      expect([text, missing.length]).toEqual(['', 1])
    },
  )
})

describe('escaping', () => {
  const name = `Tom & "Jo" <O'Neil>`
  test('leaves text verbatim', () => expect(text('{{ data.name }}', { name })).toBe(name))
  test('escapes HTML exactly once', () => {
    expect(text('<b>{{ data.name }}</b>', { name }, { medium: 'html' })).toBe(
      '<b>Tom &amp; &quot;Jo&quot; &lt;O&#39;Neil&gt;</b>',
    )
  })
  test('leaves the slot of a layout as it is', () => {
    expect(
      createEngine('html')('<p>{{ content }}</p>')({ content: new SafeHtml('<b>x</b>') }, recipient()).text,
    ).toBe('<p><b>x</b></p>')
  })
  test('keeps a value intact inside a URL', () => {
    const url = text('/search?q={{ data.name }}', { name }, { medium: 'url' })
    expect(new URL(url, 'https://x.example').searchParams.get('q')).toBe(name)
    expect(
      text('{{ data.url }}?a={{ data.a }}', { url: 'https://x.example/a/b', a: '/' }, { medium: 'url' }),
    ).toBe('https://x.example/a/b?a=%2F')
  })
})

describe('a missing value', () => {
  test.each([
    ['{{ data.x }}', 'data.x'],
    ['{{ data.x | upcase }}', 'data.x | upcase'],
    ['{{ data.x | date: "long" }}', 'data.x | date: "long"'],
    ['{{ "items" | t: n: data.x }}', '"items" | t: n: data.x'],
  ])('%s is empty and noted', (source, name) => {
    const messages = [{ locale: 'en', messages: { items: '{n, plural, other {#}}' } }]
    expect(render(`a\n${source}`, {}, { to: { messages } })).toEqual({
      text: 'a\n',
      missing: [{ name, line: 2 }],
    })
  })

  test.each([
    '{{ data.x | default: "y" }}',
    '{{ data.x | upcase | default: "y" }}',
    '{% if data.x %}{% else %}y{% endif %}',
  ])('%s is its default', (source) => expect(render(source)).toEqual({ text: 'y', missing: [] }))

  test('an empty text, 0 and false are values', () => {
    expect(render('{{ data.a }}{{ data.b }}{{ data.c }}', { a: '', b: 0, c: false })).toEqual({
      text: '0false',
      missing: [],
    })
  })
})

describe('filters use the locale and time zone of the recipient', () => {
  const at = '2026-03-01T23:30:00Z'
  test.each([
    ['{{ data.at | date: "long" }}', { locale: 'de', timezone: 'Europe/Berlin' }, '2. März 2026'],
    [
      '{{ data.at | date: "short", "short" }}',
      { locale: 'en-GB', timezone: 'Asia/Tokyo' },
      '02/03/2026, 08:30',
    ],
    ['{{ data.at | date: "none", "short" }}', { locale: 'de', timezone: 'Europe/Berlin' }, '00:30'],
    ['{{ data.day | date: "long" }}', { locale: 'en', timezone: 'America/New_York' }, 'March 1, 2026'],
    ['{{ data.n | number }}', { locale: 'de' }, '1.234,5'],
    ['{{ data.n | currency: "EUR" }}', { locale: 'pt-PT' }, '1234,50 €'],
    ['{{ data.at | relative }}', { locale: 'fr' }, 'dans 12 heures'],
    ['{{ data.n | currency: "JPY" }}', { locale: 'ja' }, '￥1,235'],
  ])('%s for %j', (source, to, expected) => {
    expect(text(source, { at, day: '2026-03-01', n: 1234.5 }, { to }).replaceAll(/\s/g, ' ')).toBe(expected)
  })

  const plural = (locale: string, message: string) =>
    [1, 2, 5, 11, 22].map((n) =>
      text(
        '{{ "m" | t: n: data.n }}',
        { n },
        { to: { locale, messages: [{ locale, messages: { m: message } }] } },
      ),
    )
  test('plurals of Polish and Arabic', () => {
    expect(plural('pl', '{n, plural, one {a} few {b} many {c} other {d}}')).toEqual(['a', 'b', 'c', 'c', 'b'])
    expect(plural('ar', '{n, plural, zero {z} one {a} two {t} few {f} many {m} other {o}}')).toEqual([
      ...['a', 't', 'f', 'm', 'm'],
    ])
  })

  test('messages fall back key by key, and values are never parsed', () => {
    const messages = [
      { locale: 'pt-BR', messages: { a: 'A {x}' } },
      { locale: 'pt', messages: { a: 'no', b: '<b>B</b> {x}' } },
    ]
    expect(
      text('{{ "a" | t: x: data.x }} {{ "b" | t: x: data.x }}', { x: '{n}' }, { to: { messages } }),
    ).toBe('A {n} <b>B</b> {n}')
  })
})

describe('is refused, with the line:', () => {
  test.each([
    ['a\n{% if data.amount > 100 nonsense %}{% endif %}', 2],
    ['{% if data.a == 1 data.b %}{% endif %}', 1],
    ['{% if data.a %}\n{% elsif data.b = 1 %}{% endif %}', 2],
    ['{% if data.a && data.b %}{% endif %}', 1],
    ['{% unless data.a foo %}{% endunless %}', 1],
    ['{{ data.a data.b }}', 1],
    ['{{ data.a | nofilter }}', 1],
    ['a\n\n{{ data.a | nofilter }}', 3],
    ['\n{% if data.a %}\n{{ data.a | nofilter }}{% endif %}', 3],
    ['\n\n{% if data.a %}', 3],
    ['{{ data.a', 1],
    ['{% include "x" %}', 1],
    ['{% layout "x" %}', 1],
    ['{% for x of data.list %}{% endfor %}', 1],
    ['{% assign x %}', 1],
    ['{% assign x = data.a data.b %}', 1],
    ['{% if data.a == %}{% endif %}', 1],
    ['{% if data.a and %}{% endif %}', 1],
    ['{{ data.a > | upcase }}', 1],
    ['{% case data.a data.b %}{% when 1 %}{% endcase %}', 1],
  ])('%s', (source, line) => expect(fault(source)[1]).toBe(line))
})

describe('limits', () => {
  test.each([
    ['an endless loop', '{% for i in (1..1000000000) %}x{% endfor %}'],
    [
      'nested loops',
      '{% for i in (1..9999) %}{% for j in (1..9999) %}{% assign x = j %}{% endfor %}{% endfor %}',
    ],
    ['large output', `{% for i in (1..9999) %}${'x'.repeat(100)}{% endfor %}`],
    ['a doubled text', `{% assign x = 'ab' %}${'{% assign x = x | append: x %}'.repeat(40)}`],
    [
      'a doubled capture',
      `{% assign x = 'ab' %}${'{% capture x %}{{ x }}{{ x }}{% endcapture %}'.repeat(40)}`,
    ],
  ])('stop %s', (_, source) => expect(fault(source)[0]).toMatch(/limit|longer than/))

  test('stop a partial that renders itself', () => {
    expect(fault("{% render 'a' %}", {}, { partials: { a: "{% render 'a' %}" } })[0]).toContain(
      'partials are nested deeper than 20',
    )
  })

  test('leave every condition that is right', () => {
    const source =
      "{% if data.a == 'x y' and data.b contains 'z' or data.c %}1{% elsif data.a != nil %}2{% endif %}"
    expect(text(source, { a: 'q' })).toBe('2')
    expect(text('{% unless data.a %}{{ data.b | default: "d" | upcase }}{% endunless %}')).toBe('D')
  })

  test('allow what fits', () => {
    expect(text('{{ data.x }}', { x: 'y'.repeat(OUTPUT_MAX) })).toHaveLength(OUTPUT_MAX)
  })
})

describe('the links of a message', () => {
  test('render as empty text without a fault if a message has none', () => {
    const template = createEngine('text')(
      '{% if unsubscribe_url %}{{ unsubscribe_url }}{% else %}-{% endif %}{{ preferences_url | default: "?" }}{{ unsubscribe_url }}',
    )
    expect(template({}, recipient())).toEqual({ text: '-?', missing: [] })
    expect(
      template({ unsubscribe_url: 'https://a/u', preferences_url: 'https://a/p#t' }, recipient()),
    ).toEqual({
      text: 'https://a/uhttps://a/p#thttps://a/u',
      missing: [],
    })
  })
})
