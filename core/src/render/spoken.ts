import type { Content } from '../delivery/provider.ts'
import { filled, type Inline } from '../template/filled.ts'
import type { Texts } from '../template/type-templates.ts'

/** What e-mails have beside the content of an item, and the language of a message. */
type MessageTexts = Pick<Content, 'subject' | 'html' | 'text' | 'lang' | 'dir' | 'words'>

/** What a message says: the content of an item, and what its channel has beside that. */
export type Spoken<Item extends Inline> = { content: Item; texts: MessageTexts }

/** Lays the texts of a type over an item. HTML of its own stands for title and body, and so does the text of a chat. */
export const spoken = <Item extends Inline>(item: Item, texts: Texts, isEmail: boolean): Spoken<Item> => {
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
