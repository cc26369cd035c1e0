import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Library } from '../store/ports/library.ts'
import { createEngine, type Medium } from './engine.ts'
import { escapeHtml } from './escape-html.ts'
import { findPartialIn } from './partials.ts'
import type { Recipient } from './recipient.ts'
import { prepareTemplates } from './type-templates.ts'

/** Text with a meaning in Liquid, ICU, HTML or JavaScript. It must never be parsed. */
const hostile = fc.constantFrom(
  ...[
    '{{ data.secret }}',
    '{{7*7}}',
    "{% render 'p' %}",
    '{% if true %}',
    '{%',
    '}}',
    '{n, plural, one {x}}',
  ],
  ...[
    '{x}',
    '<script>alert(1)</script>',
    '"><img src=x>',
    '&amp;',
    "'",
    'constructor',
    '__proto__',
    '#',
    '%7B',
  ],
)
const text = fc
  .array(fc.oneof(hostile, fc.string({ unit: 'grapheme', maxLength: 8 })), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter((value) => value.isWellFormed() && value !== '')

const recipient: Recipient = {
  locale: 'en',
  timezone: 'UTC',
  now: 0,
  messages: [{ locale: 'en', messages: { m: 'A {x} B' } }],
}
const partials: Library['partials'] = new Map([
  ['text', { key: 'text', version: 1, text: '[{{ x }}|{{ data.x }}]' }],
  ['html', { key: 'html', version: 1, html: '<i>{{ x }}</i>{% render "text", x: x %}' }],
])
const engine = (medium: Medium) => createEngine(medium, findPartialIn(partials))

test('in text, a value is unchanged, through partials, messages and variables', () => {
  const template = engine('text')(
    '{{ data.x }}|{% render "text", x: data.x %}|{{ "m" | t: x: data.x }}|{% assign y = data.x %}{{ y }}',
  )
  fc.assert(
    fc.property(text, (x) => {
      const { text: made, missing } = template({ data: { x, secret: 'SECRET' } }, recipient)
      expect([made, missing]).toEqual([`${x}|[${x}|${x}]|A ${x} B|${x}`, []])
    }),
  )
})

test('in HTML, a value is escaped once, and text partials with it', () => {
  const template = engine('html')('<b title="{{ data.x }}">{{ data.x }}</b>{% render "html", x: data.x %}')
  fc.assert(
    fc.property(text, (x) => {
      const safe = escapeHtml(x)
      expect(template({ data: { x, secret: 'SECRET' } }, recipient).text).toBe(
        `<b title="${safe}">${safe}</b><i>${safe}</i>[${safe}|${safe}]`,
      )
    }),
  )
})

test('in a URL, a value is encoded as one component', () => {
  const template = engine('url')('/o/{{ data.x }}?q={{ data.x }}&r={% render "text", x: data.x %}')
  fc.assert(
    fc.property(text, (x) => {
      const url = new URL(template({ data: { x } }, recipient).text, 'https://app.example')
      expect([url.searchParams.get('q'), url.searchParams.get('r')]).toEqual([x, `[${x}|${x}]`])
      expect(url.pathname).toBe(`/o/${encodeURIComponent(x)}`)
    }),
  )
})

test('no data chooses which template is rendered: any JSON gives the same skeleton in every channel', () => {
  const layouts: Library['layouts'] = new Map([
    ['brand', { key: 'brand', version: 1, html: '<main>{{ content }}</main>{{ data.x }}{{ env.E }}' }],
  ])
  const templates = prepareTemplates(
    {
      key: 't',
      content: { title: '<{{ data.x }}>', body: '({{ data.list[0].a | default: "none" }})' },
      channels: { email: { html: '<p>{{ data.x }}</p>', layout: 'brand' }, sms: { text: '[{{ data.x }}]' } },
    },
    { insecureLinks: 'refuse' },
    { layouts, partials, env: { E: 'E' } },
  )
  const viewer = { timezone: 'UTC', now: 0 }
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), text, (other, x) => {
      const scope = { data: { x, list: other, other }, user: {}, tenant: {}, actor: {}, context: {} } as never
      const { texts, frame } = templates.render('email', scope, viewer)
      const safe = escapeHtml(x)
      expect(texts.html).toBe(`<p>${safe}</p>`.trim())
      const made = frame?.put({
        html: texts.html ?? '',
        text: '',
        subject: '',
        preview: '',
        lang: 'en',
        dir: 'ltr',
      })
      expect(made?.html).toBe(`<main><p>${safe}</p></main>${safe}E`)
      expect(templates.render('sms', scope, viewer).texts.text?.startsWith('[')).toBe(true)
      expect(templates.render('inbox', scope, viewer).texts.title?.startsWith('<')).toBe(true)
    }),
  )
})
