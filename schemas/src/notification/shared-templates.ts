import { z } from 'zod'
import { Locale } from '../fields/locale.ts'
import { LOCALES_MAX, Messages, ResourceKey, Template } from './templates.ts'

/** Both stores keep it as a 32-bit integer. */
export const LibraryRevision = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .describe('The revision of the library that stored it. Later versions have higher numbers, with gaps')

const locales = <Texts extends z.ZodType>(texts: Texts) =>
  z
    .record(Locale, texts)
    .refine((all) => Object.keys(all).length <= LOCALES_MAX, `at most ${LOCALES_MAX} locales`)
    .optional()
    .describe('Translations. A message uses the closest language that has a text')

const locale = Locale.optional().describe('The language of its texts and `messages`. Defaults to `en`')

const html = Template.describe('The HTML, a Liquid template. The message replaces `{{ content }}`')
const text = Template.optional().describe(
  'The plain text, with `{{ content }}`. Made of the message and an unsubscribe link if omitted',
)

const LocalizedLayout = z.strictObject({ html: html.optional(), text, messages: Messages.optional() }).meta({
  id: 'LocalizedLayout',
  description: 'The texts of a layout in one language',
  examples: [{ html: '<h1>Loja</h1>{{ content }}' }],
})

const layoutShape = { html, text, messages: Messages.optional(), locale, locales: locales(LocalizedLayout) }

export const LayoutInput = z.strictObject(layoutShape).meta({
  id: 'LayoutInput',
  description:
    'The frame of e-mails. Types name it in `channels.email.layout`; `default` frames all other e-mails',
  examples: [
    { html: '<h1>{{ tenant.name }}</h1>{{ content }}<a href="{{ unsubscribe_url }}">Unsubscribe</a>' },
  ],
})
export type LayoutInput = z.infer<typeof LayoutInput>

export const Layout = z.object({ key: ResourceKey, version: LibraryRevision, ...layoutShape }).meta({
  id: 'Layout',
  description: 'A version of a layout',
  examples: [{ key: 'brand', version: 3, html: '<h1>{{ tenant.name }}</h1>{{ content }}' }],
})
export type Layout = z.infer<typeof Layout>

const partialTexts = {
  text: Template.optional().describe(
    'The text, a Liquid template. It is escaped for the template that renders it',
  ),
  html: Template.optional().describe(
    'The HTML, a Liquid template, in place of `text`. Only HTML templates can render it',
  ),
  messages: Messages.optional(),
}
const LocalizedPartial = z.strictObject(partialTexts).meta({
  id: 'LocalizedPartial',
  description: 'The text of a partial in one language',
  examples: [{ text: 'A sua equipa' }],
})
const partialShape = { ...partialTexts, locale, locales: locales(LocalizedPartial) }

export const PartialInput = z.strictObject(partialShape).meta({
  id: 'PartialInput',
  description: "A reusable part of templates, which `{% render 'key' %}` renders: `text` or `html`",
  examples: [{ text: 'Your {{ tenant.name }} team' }],
})
export type PartialInput = z.infer<typeof PartialInput>

export const TemplatePartial = z
  .object({ key: ResourceKey, version: LibraryRevision, ...partialShape })
  .meta({
    id: 'TemplatePartial',
    description: 'A version of a partial',
    examples: [{ key: 'signature', version: 4, text: 'Your {{ tenant.name }} team' }],
  })
export type TemplatePartial = z.infer<typeof TemplatePartial>

const VARIABLES_MAX = 200

/** Values that differ between environments, such as a URL. */
export const TemplateEnv = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be 1 to 64 letters, digits or _, and start with a letter'),
    z.string().max(4_096),
  )
  .refine((env) => Object.keys(env).length <= VARIABLES_MAX, `at most ${VARIABLES_MAX} variables`)
  .meta({
    id: 'TemplateEnv',
    description: 'The values that templates see as `env`, by name',
    examples: [{ SHOP_URL: 'https://shop.example.com' }],
  })
export type TemplateEnv = z.infer<typeof TemplateEnv>
