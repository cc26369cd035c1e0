import type { InboxContent, ItemTexts } from '@carillon/schemas'

type Texts = Pick<InboxContent, 'title' | 'body' | 'url' | 'image' | 'actions'>

/** Returns new texts as the fields of a notification or item. Removed texts are undefined. */
export const textFields = (texts: ItemTexts): Texts =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text ?? undefined]))

/** Returns content with new texts. They are literal: no template of the type replaces them. */
export const withTexts = (content: InboxContent, texts: ItemTexts): InboxContent => ({
  ...content,
  ...textFields(texts),
  literal: true,
})
