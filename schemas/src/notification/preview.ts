import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { ContextKey, UserId } from '../fields/ids.ts'
import { isJsonObject, JsonObject } from '../fields/json.ts'
import { Locale, TimeZone } from '../fields/locale.ts'
import { named } from '../validation/names.ts'
import { Action } from './action.ts'
import { NotificationTypeInput, TypeVersion } from './notification-type.ts'
import { VariantKey } from './variant.ts'

/** A type as it is written, or as it was returned: its key and version are ignored. */
const UnsavedType = z.preprocess((value) => {
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'key' && name !== 'version'))
}, NotificationTypeInput)

export const TypePreviewInput = z
  .strictObject({
    version: z
      .union([TypeVersion, z.literal('draft')])
      .optional()
      .describe('The version to preview, or `draft`. Defaults to the one in force'),
    variant: VariantKey.optional().describe('The variant to preview. Defaults to none'),
    type: UnsavedType.optional().describe('A type that is not stored, in place of a version'),
    locale: z
      .union([z.literal('*'), named(Locale.clone(), 'a BCP 47 tag such as pt-BR')])
      .optional()
      .describe(
        'The locale; `*` for all locales of the type. Defaults to that of the user, the context, the tenant or the type',
      ),
    data: JsonObject.optional().describe('The data. Defaults to the sample of the type'),
    user: UserId.optional().describe('The user for whom it is rendered. Defaults to nobody'),
    context: ContextKey.optional().describe('The context in which it is rendered. Defaults to none'),
  })
  .refine(({ version, type }) => version === undefined || type === undefined, {
    message: 'send a version or a type, not both',
    path: ['version'],
  })
  .meta({
    id: 'TypePreviewInput',
    description: 'What to preview, and for whom',
    examples: [{ locale: 'pt', data: { number: 7 } }],
  })
export type TypePreviewInput = z.infer<typeof TypePreviewInput>

/** Maximum recipients of one test. */
const TESTED_MAX = 10

export const TypeTestInput = z
  .strictObject({
    to: z
      .union([UserId, z.array(UserId).min(1).max(TESTED_MAX)])
      .describe('The users who get the test, at their stored addresses'),
    channels: z
      .array(DeliveryChannel)
      .min(1)
      .max(DeliveryChannel.options.length)
      .optional()
      .describe(
        "The channels, which are used at once. Defaults to the inbox and every channel of the type's plan",
      ),
    data: JsonObject.optional().describe('The data. Defaults to the sample of the type'),
    version: TypeVersion.optional().describe('The version to test. Defaults to the one in force'),
    context: ContextKey.optional(),
  })
  .meta({
    id: 'TypeTestInput',
    description: 'The recipients and channels of a test',
    examples: [{ to: 'ada', channels: ['email'], data: { number: 7 } }],
  })
export type TypeTestInput = z.infer<typeof TypeTestInput>

const language = {
  lang: Locale.optional().describe('The language of the texts'),
  dir: z
    .enum(['ltr', 'rtl'])
    .meta({ id: 'TextDirection', description: 'The direction of a language' })
    .optional(),
}

export const PreviewContent = z
  .object({
    title: z.string().optional().describe('One line of text'),
    body: z.string().optional().describe('The text'),
    url: z.string().optional().describe('Where a click leads'),
    image: z.string().optional().describe('The URL of a picture'),
    actions: z.array(Action).optional(),
    ...language,
  })
  .meta({
    id: 'PreviewContent',
    description: 'An item, or a push message, as a person gets it',
    examples: [{ title: 'Order 7 is on its way', url: '/orders/7', lang: 'en', dir: 'ltr' }],
  })

export const PreviewEmail = z
  .object({
    subject: z.string().describe('The subject'),
    html: z.string().describe('The HTML, with its frame'),
    text: z.string().describe('The plain text'),
    ...language,
  })
  .meta({
    id: 'PreviewEmail',
    description: 'An e-mail as a person gets it',
    examples: [
      { subject: 'Order 7 is on its way', html: '<!doctype html>…', text: 'Order 7 is on its way\n' },
    ],
  })

export const PreviewText = z
  .object({ text: z.string().describe('The text, with its link'), ...language })
  .meta({
    id: 'PreviewText',
    description: 'A message of a channel without a title, as a person gets it',
    examples: [{ text: 'Order 7 is on its way', lang: 'en', dir: 'ltr' }],
  })

export const PreviewFault = z
  .object({
    channel: DeliveryChannel,
    pointer: z.string().describe('The template, a JSON Pointer (RFC 6901) into the type'),
    line: z.int().min(1).describe('The line of the template'),
    message: z.string().describe('The reason, for people'),
    name: z.string().optional().describe('The value that is missing; absent if the template failed'),
  })
  .meta({
    id: 'PreviewFault',
    description: 'A value that is missing, or a template that failed',
    examples: [
      {
        ...{ channel: 'email', pointer: '/content/title', line: 1 },
        ...{ message: 'data.number has no value', name: 'data.number' },
      },
    ],
  })

/** The texts of every channel in one locale. */
export const LocalePreview = z
  .object({
    locale: Locale,
    timezone: TimeZone,
    inbox: PreviewContent,
    push: PreviewContent,
    webhook: PreviewContent,
    email: PreviewEmail,
    sms: PreviewText,
    mms: PreviewText,
    whatsapp: PreviewText,
    slack: PreviewText,
    teams: PreviewText,
    discord: PreviewText,
    telegram: PreviewText,
    faults: z
      .array(PreviewFault)
      .describe('Values that are missing and templates that failed. Outside the inbox they fail a step'),
  })
  .meta({ id: 'LocalePreview', description: 'The texts of every channel in one locale' })
export type LocalePreview = z.infer<typeof LocalePreview>

export const TypePreview = z
  .object({
    ...LocalePreview.partial().shape,
    locales: z
      .record(Locale, LocalePreview)
      .optional()
      .describe('For the locale `*`: the texts in each locale of the type, in place of all the others'),
  })
  .meta({
    id: 'TypePreview',
    description: 'The texts of a type as a person gets them, by channel',
  })
export type TypePreview = z.infer<typeof TypePreview>
