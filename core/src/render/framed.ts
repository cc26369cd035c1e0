import type { Content } from '../delivery/provider.ts'
import type { Frame } from '../template/layouts.ts'
import type { TemplateFault } from '../template/type-templates.ts'
import { emailParts } from './email.ts'

/**
 * Puts an e-mail into the layout that its type names. HTML that is a whole page is left unchanged. If the layout has no
 * plain text, the plain text of the message is used. Pure.
 */
export const framed = (
  message: { type: string; content: Content },
  frame: Frame,
): { content: Content; faults: readonly TemplateFault[] } => {
  const { content } = message
  const { subject, preview, html, text, isPage } = emailParts(message)
  if (isPage) return { content, faults: [] }
  const { lang = 'en', dir = 'ltr' } = content
  const made = frame.put({ html, text, subject, preview, lang, dir })
  return { content: { ...content, html: made.html, text: made.text ?? text }, faults: made.faults }
}
