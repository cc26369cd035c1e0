import type { Layout } from '@carillon/schemas'
import { type Budget, type Prepared, SafeHtml } from './engine.ts'
import { localeOf, type Messages } from './languages.ts'
import { chainOf } from './locale-chain.ts'
import { languagesWithin, messagesOf } from './partials.ts'
import type { Recipient } from './recipient.ts'
import { TemplateError } from './template-error.ts'
import type { TemplateFault } from './type-templates.ts'

/** Additional variables of layouts. */
export const LAYOUT_SCOPE = ['content', 'subject', 'preview', 'lang', 'dir'] as const

/** A message to put into a layout. `html` and `text` are its content, which is not escaped again. */
type Framed = {
  html: string
  text: string
  subject: string
  preview: string
  lang: string
  dir: 'ltr' | 'rtl'
}

/** The key of the layout for e-mails whose type has none. */
export const DEFAULT_LAYOUT = 'default'

/**
 * A layout for one recipient. `put` puts a message into it; `text` is absent if the layout has none of its own. `words`: its
 * messages, which replace those of Carillon's own layout.
 */
export type Frame = {
  put(message: Framed): { html: string; text?: string; faults: TemplateFault[] }
  words: { languages: Messages; locale: string }
}

type Rendering = {
  parsed: (source: string, medium: 'html' | 'text') => Prepared
  scope: Readonly<Record<string, unknown>>
  recipient: Recipient
  /** The budget of the message, which the layout shares. */
  budget: Budget
}

/** Returns a layout that is rendered in the language of the message. */
export const frameOf = (layout: Layout, { parsed, scope, recipient, budget }: Rendering): Frame => {
  const languages = languagesWithin<Pick<Layout, 'html' | 'text' | 'messages'>>(layout)
  const put: Frame['put'] = ({ html, text, ...message }) => {
    const chain = chainOf(languages, message.lang, localeOf(layout))
    const to = { ...recipient, messages: messagesOf(chain) }
    const faults: TemplateFault[] = []
    const render = (field: 'html' | 'text', content: unknown): string | undefined => {
      const found = chain.find((each) => each[field] !== undefined)
      if (!found) return undefined
      const pointer = `/layouts/${layout.key}${found.pointer}/${field}`
      try {
        const template = parsed(found[field] ?? '', field)
        const made = template({ ...scope, ...message, content }, to, budget)
        for (const { name, line } of made.missing)
          faults.push({ pointer, line, name, message: `${name} has no value` })
        return made.text
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        faults.push({ pointer, line: error.line, message: error.message })
        return ''
      }
    }
    const plain = render('text', text)
    return {
      html: render('html', new SafeHtml(html)) ?? '',
      ...(plain === undefined ? {} : { text: plain }),
      faults,
    }
  }
  return { put, words: { languages: messagesOf(languages), locale: localeOf(layout) } }
}
