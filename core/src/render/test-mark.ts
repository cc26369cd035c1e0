import { cut } from '@carillon/schemas'
import type { Inline } from '../template/filled.ts'
import type { MessageContent } from './message-content.ts'

const MARK = '[Test]'
const TITLE_MAX = 512

/** Prefixes a title with `[Test]`, once. */
export const markedTitle = (title: string | undefined): string =>
  title?.startsWith(MARK) ? title : cut(`${MARK} ${title ?? ''}`.trim(), TITLE_MAX)

/** Marks a message as a test: in its subject and title, or in its body if it has neither. */
export const markedMessage = <Item extends Inline>({
  content,
  texts,
}: MessageContent<Item>): MessageContent<Item> => {
  const { title, body } = content
  const subject = texts.subject === undefined ? undefined : markedTitle(texts.subject)
  const own = () => {
    if (title !== undefined) return { title: markedTitle(title) }
    if (body === undefined || subject !== undefined) return {}
    return { body: body.startsWith(MARK) ? body : `${MARK} ${body}` }
  }
  return {
    content: { ...content, ...own() },
    texts: { ...texts, ...(subject && { subject }) },
  }
}
