import type { Content } from '../delivery/provider.ts'
import { filled, type Inline } from '../template/filled.ts'
import type { Texts } from '../template/type-templates.ts'

/** The texts of an e-mail besides the content of an item, and the language of a message. */
type MessageTexts = Pick<Content, 'subject' | 'html' | 'text' | 'lang' | 'dir' | 'words'>

/** The content of a message: that of an item, and the additional texts of its channel. */
export type MessageContent<Item extends Inline> = { content: Item; texts: MessageTexts }

/** Merges the texts of a type over an item. HTML replaces title and body, and so does the text of a chat. */
export const withTexts = <Item extends Inline>(
  item: Item,
  texts: Texts,
  isEmail: boolean,
): MessageContent<Item> => {
  const content = filled(item, texts)
  const { subject, html, text, lang, dir } = texts
  const language = { ...(lang && { lang }), ...(dir && { dir }) }
  if (!isEmail) {
    if (text === undefined) return { content, texts: language }
    return { content: { ...content, title: undefined, body: text }, texts: language }
  }
  const title = subject || content.title
  return {
    content: html === undefined ? content : { ...content, title: undefined, body: undefined },
    texts: { ...language, ...(title && { subject: title }), ...(html && { html }), ...(text && { text }) },
  }
}
