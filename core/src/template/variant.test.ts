import { expect, test } from 'vitest'
import type { Templated } from './languages.ts'
import { prepareTemplates } from './type-templates.ts'

const SCOPE = { data: {}, user: {}, tenant: {}, actor: {}, context: {} } as never
const viewer = (locale?: string) => ({ locale, timezone: 'UTC', now: 0 })
const of = (type: Omit<Templated, 'key'>, variant: string | undefined) => {
  const templates = prepareTemplates({ key: 't', ...type }, { insecureLinks: 'refuse' }, undefined, variant)
  return (channel: 'inbox' | 'email' | 'sms', locale?: string) =>
    templates.render(channel, SCOPE, viewer(locale)).texts
}

const TYPE: Omit<Templated, 'key'> = {
  content: { title: 'type title', body: 'type body' },
  channels: { email: { subject: 'type subject' }, sms: { text: 'type sms' } },
  messages: { hi: 'hi', bye: 'bye' },
  locales: { pt: { content: { title: 'título do tipo' }, messages: { hi: 'olá' } } },
  variants: [
    {
      ...{ key: 'a', weight: 1, content: { title: 'a title {{ "hi" | t }} {{ "bye" | t }}' } },
      messages: { hi: 'hey' },
    },
    { key: 'b', weight: 1, channels: { email: { subject: 'b subject' } }, content: { body: 'b body' } },
    {
      key: 'c',
      weight: 1,
      locales: { pt: { content: { title: 'título c' } }, de: { content: { body: 'c' } } },
    },
    { key: 'd', weight: 1, plan: [] },
  ],
}

test.each([
  // The variant's channel, the type's channel, the variant's content, the type's content.
  ['a', 'inbox', undefined, { title: 'a title hey bye', body: 'type body' }],
  ['a', 'email', undefined, { subject: 'type subject', title: 'a title hey bye' }],
  ['a', 'sms', undefined, { text: 'type sms' }],
  ['b', 'email', undefined, { subject: 'b subject', title: 'type title', body: 'b body' }],
  // Language first: Portuguese of the type comes before English of the variant.
  ['a', 'inbox', 'pt', { title: 'título do tipo', body: 'type body', lang: 'pt' }],
  ['c', 'inbox', 'pt-BR', { title: 'título c', body: 'type body', lang: 'pt' }],
  ['c', 'email', 'pt', { subject: 'título c' }],
  ['c', 'inbox', 'de', { title: 'type title', body: 'c' }],
  ['c', 'inbox', 'en', { title: 'type title', body: 'type body' }],
  ['d', 'inbox', undefined, { title: 'type title' }],
  ['unknown', 'inbox', undefined, { title: 'type title' }],
  [undefined, 'inbox', 'pt', { title: 'título do tipo' }],
] as const)('variant %s in %s for %s', (variant, channel, locale, expected) => {
  expect(of(TYPE, variant)(channel, locale)).toMatchObject(expected)
})

test('a fault of a variant has its JSON Pointer', () => {
  const templates = prepareTemplates(
    { key: 't', variants: [{ key: 'a', weight: 1, content: { title: '{{ data.x }}' } }] },
    { insecureLinks: 'refuse' },
    undefined,
    'a',
  )
  expect(templates.render('inbox', SCOPE, viewer()).faults).toMatchObject([
    { pointer: '/variants/0/content/title', name: 'data.x' },
  ])
})
