import type { Action, NotificationType, Warning } from '@carillon/schemas'
import type { Texts } from './type-templates.ts'

/** What a notification says itself. */
export type Inline = {
  title?: string | undefined
  body?: string | undefined
  url?: string | undefined
  image?: string | undefined
  actions?: readonly Action[] | undefined
}

/** An empty text is one that could not be rendered: nothing stands in for it. */
const either = (text: string | undefined, inline: string | undefined): string | undefined =>
  (text ?? inline) || undefined

/** Returns content with the texts of its type. What it says itself fills what the type leaves open. */
export const filled = <Content extends Inline>(content: Content, texts: Texts): Content => ({
  ...content,
  title: either(texts.title, content.title),
  body: either(texts.body, content.body),
  url: either(texts.url, content.url),
  image: either(texts.image, content.image),
  actions: texts.actions ?? content.actions,
})

const FIELDS = ['title', 'body', 'url', 'image', 'actions'] as const

/** Returns what a notification says itself and its type leaves no room for, as warnings. */
export const ignoredContent = (
  notification: Inline & { category?: string | undefined },
  type: Pick<NotificationType, 'content' | 'category'> | undefined,
): Warning[] => {
  if (!type) return []
  const { content, category } = type
  const ignored: string[] = FIELDS.filter(
    (field) => notification[field] !== undefined && content?.[field] !== undefined,
  )
  if (notification.category !== undefined && category !== undefined && notification.category !== category)
    ignored.push('category')
  return ignored.map((field) => ({
    code: 'ignored',
    pointer: `/${field}`,
    message: `the type has its own`,
  }))
}
