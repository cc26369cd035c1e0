import { z } from 'zod'
import type { DeliveryChannel } from '../delivery/channel.ts'
import { Locale } from '../fields/locale.ts'
import { TOKENS } from '../fields/token.ts'
import { ActionName } from './action.ts'

/** The longest template, in UTF-16 code units. */
export const TEMPLATE_MAX = 65_536

/** A Liquid template. Its syntax is checked where it is written. */
export const Template = z.string().max(TEMPLATE_MAX)
const MESSAGES_MAX = 500
export const LOCALES_MAX = 100

export const ResourceKey = z
  .string()
  .regex(TOKENS, 'a key is 1 to 8 dot-separated tokens of 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The key of a layout or partial', examples: ['brand'] })

export const ActionTemplate = z
  .strictObject({
    name: ActionName,
    label: Template.describe('The text of its button, a template'),
    url: Template.optional().describe('Where it leads, a template'),
    primary: z.boolean().optional().describe('Whether it is the main action'),
  })
  .meta({
    id: 'ActionTemplate',
    description: 'An action that an item offers, with templates for its texts',
    examples: [{ name: 'track', label: 'Track {{ data.number }}', url: '/orders/{{ data.number }}' }],
  })
export type ActionTemplate = z.infer<typeof ActionTemplate>

/** The texts of every channel. */
export const ContentTemplates = z
  .strictObject({
    title: Template.optional().describe('One line of text'),
    body: Template.optional().describe('The text'),
    url: Template.optional().describe('Where a click leads. Values inside the URL are percent-encoded'),
    image: Template.optional().describe('The URL of a picture'),
    actions: z.array(ActionTemplate).max(8).optional(),
  })
  .meta({
    id: 'ContentTemplates',
    description:
      'The texts of a type, as Liquid templates. Every channel uses them, unless it has texts of its own',
    examples: [{ title: 'Order {{ data.number }} is on its way', url: '/orders/{{ data.number }}' }],
  })
export type ContentTemplates = z.infer<typeof ContentTemplates>

const EmailTemplates = z
  .strictObject({
    subject: Template.optional().describe('The subject. Defaults to the title'),
    html: Template.optional().describe('The HTML. Derived from the body if omitted'),
    text: Template.optional().describe('The plain text. Derived from the HTML if omitted'),
    layout: ResourceKey.optional().describe('The layout around the HTML'),
  })
  .meta({
    id: 'EmailTemplates',
    description: 'The texts of e-mails, as Liquid templates',
    examples: [{ subject: 'Your order {{ data.number }}', html: '<p>It is on its way.</p>' }],
  })
const PushTemplates = z
  .strictObject({
    title: Template.optional().describe('One line of text'),
    body: Template.optional().describe('The text'),
  })
  .meta({
    id: 'PushTemplates',
    description: 'The texts of push messages, as Liquid templates',
    examples: [{ title: 'Order {{ data.number }}' }],
  })
const TextTemplates = z
  .strictObject({
    text: Template.optional().describe('The text. Made of title and body if omitted'),
  })
  .meta({
    id: 'TextTemplates',
    description: 'The text of a channel that has no title, as a Liquid template',
    examples: [{ text: '{{ data.number }} is coming' }],
  })

/** The texts of single channels. Those of `webhook` are the content. */
export const ChannelTemplates = z
  .strictObject({
    email: EmailTemplates.optional(),
    push: PushTemplates.optional(),
    sms: TextTemplates.optional(),
    mms: TextTemplates.optional(),
    whatsapp: TextTemplates.optional(),
    slack: TextTemplates.optional(),
    teams: TextTemplates.optional(),
    discord: TextTemplates.optional(),
    telegram: TextTemplates.optional(),
  })
  .meta({
    id: 'ChannelTemplates',
    description: 'Texts for single channels, as Liquid templates, where they differ from the content',
    examples: [
      { email: { subject: 'Your order {{ data.number }}' }, sms: { text: '{{ data.number }} is coming' } },
    ],
  })
export type ChannelTemplates = z.infer<typeof ChannelTemplates>
export type TemplatedChannel = Exclude<DeliveryChannel, 'inbox' | 'webhook'>

/** ICU messages by key. */
export const Messages = z
  .record(z.string().min(1).max(128), z.string().max(4_096))
  .refine((messages) => Object.keys(messages).length <= MESSAGES_MAX, `at most ${MESSAGES_MAX} messages`)
  .meta({
    id: 'Messages',
    description: 'ICU messages, used in templates as `{{ "items" | t: n: data.count }}`',
    examples: [{ items: '{n, plural, one {# item} other {# items}}' }],
  })
export type Messages = z.infer<typeof Messages>

/** All texts of one language. */
const texts = {
  content: ContentTemplates.optional(),
  channels: ChannelTemplates.optional(),
  messages: Messages.optional(),
}

export const LocalizedTemplates = z.strictObject(texts).meta({
  id: 'LocalizedTemplates',
  description: 'The texts of a type in one language',
  examples: [{ content: { title: 'A encomenda {{ data.number }} vai a caminho' } }],
})
export type LocalizedTemplates = z.infer<typeof LocalizedTemplates>

/** The texts of a type in all languages. */
export const templatesShape = {
  ...texts,
  locale: Locale.optional().describe(
    'The language of `content`, `channels` and `messages`. Defaults to `en`',
  ),
  locales: z
    .record(Locale, LocalizedTemplates)
    .refine((locales) => Object.keys(locales).length <= LOCALES_MAX, `at most ${LOCALES_MAX} locales`)
    .optional()
    .describe('Translations. A person gets the texts of the closest language that has them'),
}
