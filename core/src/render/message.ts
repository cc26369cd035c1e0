import type { Channel, ItemContent } from '@carillon/schemas'
import type { EffectiveSettings } from '../contexts/in-context.ts'
import type { Scope } from '../template/scope.ts'
import type {
  RenderedTexts,
  TemplateFault,
  Texts,
  TypeTemplates,
  Viewer,
} from '../template/type-templates.ts'
import { type Brand, brandOf } from './brand.ts'
import { framed } from './framed.ts'
import { itemContent } from './item-content.ts'
import { type MessageContent, withTexts } from './message-content.ts'
import { mailWords, type Words, wordsFor } from './words.ts'

/** The content of a message in its channel. `faults`: templates that failed, or lack a value; their texts are empty. */
export type Message<Item extends Partial<ItemContent>> = MessageContent<Item> & {
  brand?: Brand
  faults: readonly TemplateFault[]
}

/**
 * The input of a message. `literal`: texts in place of those of the type. `otp`: renders a one-time password, in place of
 * everything else. `appUrl`: the base of relative links.
 */
export type MessageParts<Item extends Partial<ItemContent>> = {
  type: string
  content: Item
  otp?: ((words: Words) => MessageContent<Item>) | undefined
  templates: TypeTemplates | undefined
  scope: Scope
  viewer: Viewer
  literal?: Texts
  settings: EffectiveSettings
  appUrl: string | undefined
}

/** Renders the texts of a type over the content of an item, and puts an e-mail into its layout. Pure. */
export const messageOf = <Item extends Partial<ItemContent>>(
  channel: Channel,
  { type, content, otp, templates, scope, viewer, literal = {}, settings, appUrl }: MessageParts<Item>,
): Message<Item> => {
  const isEmail = channel === 'email'
  const brand = isEmail ? brandOf(settings) : undefined
  const rendered = templates?.render(channel, scope, viewer, literal)
  const { texts, faults, frame }: RenderedTexts = rendered ?? { texts: literal, faults: [] }
  const words = wordsFor(texts.lang ?? viewer.locale, frame?.words)
  const own = otp ? otp(words) : withTexts(content, texts, isEmail)
  if (!isEmail) return { ...own, faults }
  const branded = { ...own, texts: { ...own.texts, words: mailWords(words) }, ...(brand && { brand }) }
  if (!frame) return { ...branded, faults }
  const { content: made, faults: found } = framed(
    { type, content: { ...itemContent(branded.content, appUrl), ...branded.texts, ...(brand && { brand }) } },
    frame,
  )
  const { html, text } = made
  const texted = { ...branded.texts, ...(html && { html }), ...(text && { text }) }
  return { ...branded, texts: texted, faults: [...faults, ...found] }
}
