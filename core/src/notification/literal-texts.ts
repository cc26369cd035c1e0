import type { InboxContent, ItemTexts } from '@carillon/schemas'

/** Returns content with new texts. They are literal: no template of the type replaces them. */
export const withTexts = (content: InboxContent, texts: ItemTexts): InboxContent => {
  const given = Object.entries(texts).map(([name, text]) => [name, text ?? undefined])
  return { ...content, ...Object.fromEntries(given), literal: true }
}
