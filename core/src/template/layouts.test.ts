import { describe, expect, test } from 'vitest'
import type { Library } from '../store/ports/library.ts'
import { prepareTemplates } from './type-templates.ts'

const viewer = (locale?: string) => ({ locale, timezone: 'UTC', now: 0 })
const scope = (data: object = {}) =>
  ({ data, user: { name: 'Ada' }, tenant: {}, actor: {}, context: {} }) as never
const MESSAGE = { text: 'T', subject: 'S', preview: 'P', lang: 'en', dir: 'ltr' } as const

const prepare = (parts: {
  layout?: object
  partials?: Record<string, object>
  channels?: object
  content?: object
}) => {
  const layouts = new Map(parts.layout ? [['brand', { key: 'brand', version: 1, ...parts.layout }]] : [])
  const partials = new Map(
    Object.entries(parts.partials ?? {}).map(([key, each]) => [key, { key, version: 1, ...each }]),
  )
  return prepareTemplates(
    {
      key: 't',
      channels: parts.channels ?? { email: { html: 'H', layout: 'brand' } },
      ...(parts.content && { content: parts.content }),
    },
    { insecureLinks: 'refuse' },
    { layouts: layouts as never, partials: partials as Library['partials'], env: { A: 'a' } },
  )
}
const framed = (parts: Parameters<typeof prepare>[0], message: object = {}) =>
  prepare(parts)
    .render('email', scope(), viewer())
    .frame?.put({ html: '<b>1</b>', ...MESSAGE, ...message })

describe('a layout', () => {
  test('does not escape the message again, in HTML and plain text, and escapes everything else', () => {
    const layout = { html: '<main>{{ content }}</main>{{ subject }}', text: '[{{ content }}] {{ subject }}' }
    expect(framed({ layout }, { subject: '<S>', text: 'A & B' })).toEqual({
      ...{ html: '<main><b>1</b></main>&lt;S&gt;', text: '[A & B] <S>', faults: [] },
    })
  })
  test('is rendered in the language of the message', () => {
    const layout = {
      html: "{{ 'hi' | t }} {{ content }} {{ lang }} {{ dir }}",
      messages: { hi: 'Hi' },
      locales: { ar: { messages: { hi: 'مرحبا' } } },
    }
    expect(framed({ layout })?.html).toBe('Hi <b>1</b> en ltr')
    expect(framed({ layout }, { lang: 'ar-EG', dir: 'rtl' })?.html).toBe('مرحبا <b>1</b> ar-EG rtl')
  })
  test('that fails or is missing is a fault', () => {
    expect(framed({ layout: { html: '{{ content }}\n{{ env.B }}' } })?.faults).toMatchObject([
      { pointer: '/layouts/brand/html', line: 2, name: 'env.B' },
    ])
    expect(prepare({}).render('email', scope(), viewer()).faults).toMatchObject([
      { pointer: '/channels/email/layout', message: 'there is no layout brand' },
    ])
    expect(prepare({}).render('sms', scope(), viewer()).faults).toEqual([])
  })
})

describe('partials', () => {
  const content = (title: string, partials: Record<string, object>) =>
    prepare({ content: { title }, partials, channels: {} })
  const titleOf = (title: string, partials: Record<string, object>) =>
    content(title, partials).render('inbox', scope({ x: '<x>' }), viewer('pt-BR')).texts.title
  test('see the variables of every template and their arguments, and nothing else', () => {
    const partials = {
      p: { text: '{{ a }}{{ b | default: "-" }}{{ y | default: "-" }}{{ user.name }}{{ env.A }}' },
    }
    expect(titleOf("{% assign y = 1 %}{% render 'p', a: data.x %}", partials)).toBe('<x>--Adaa')
    const nested = { p: { text: "{% render 'q' %}" }, q: { text: '{{ a | default: "isolated" }}' } }
    expect(titleOf("{% render 'p', a: 1 %}", nested)).toBe('isolated')
  })
  test('have languages and messages of their own', () => {
    const p = { text: 'en', messages: { m: 'M' }, locales: { pt: { text: "pt {{ 'm' | t }}" } } }
    expect(titleOf("{% render 'p' %}", { p })).toBe('pt M')
  })
  test('make an item personal if one of them uses `user`', () => {
    const partials = { p: { text: "{% render 'q' %}" }, q: { text: '{{ user.name }}' } }
    expect(content("{% render 'p' %}", partials).personal).toBe(true)
    expect(content("{% render 'p' %}", { p: { text: 'x' } }).personal).toBe(false)
  })
  test('share the limits of the surrounding template', () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 19 }, (_, n) => [
        `p${n}`,
        { text: `{% render 'p${n + 1}' %}{% render 'p${n + 1}' %}` },
      ]),
    )
    const { faults } = content("{% render 'p0' %}", { ...doubling, p19: { text: 'x' } }).render(
      'inbox',
      scope(),
      viewer(),
    )
    expect(faults).toMatchObject([
      { line: 1, message: expect.stringMatching(/in the partial p\d+, .*limit exceeded/) },
    ])
    const loop = {
      layout: {
        html: '{% for i in (1..200000) %}{% for j in (1..200000) %}{% endfor %}{% endfor %}{{ content }}',
      },
    }
    expect(framed(loop)?.faults).toMatchObject([{ message: expect.stringContaining('limit exceeded') }])
  })
})
