import type { Action, NotificationType, Warning } from '@carillon/schemas'
import type { Texts } from './type-templates.ts'

/** The content of a notification itself. */
export type Inline = {
  title?: string | undefined
  body?: string | undefined
  url?: string | undefined
  image?: string | undefined
  actions?: readonly Action[] | undefined
}

/** An empty text could not be rendered, so it is not replaced by the notification's. */
const either = (text: string | undefined, inline: string | undefined): string | undefined =>
  (text ?? inline) || undefined

/** Returns content with the texts of its type. Texts that the type omits are those of the notification. */
export const filled = <Content extends Inline>(content: Content, texts: Texts): Content => ({
  ...content,
  title: either(texts.title, content.title),
  body: either(texts.body, content.body),
  url: either(texts.url, content.url),
  image: either(texts.image, content.image),
  actions: texts.actions ?? content.actions,
})

const FIELDS = ['title', 'body', 'url', 'image', 'actions'] as const

/** Returns a warning for each text of a notification that its type replaces. */
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
