import type { DeliveryChannel } from '@carillon/schemas'
import { type Language, layersOf } from './languages.ts'

/** The path of a template within the texts of one language. */
type Path = readonly [string, ...(string | number)[]]

/** A template in the language from which it is taken. `pointer` is its JSON Pointer in the type. */
export type Found = { locale: string; pointer: string; source: string }

const TITLE: Path = ['content', 'title']
const BODY: Path = ['content', 'body']

const valueAt = (texts: unknown, path: Path): unknown => {
  let here = texts
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}

/** Returns a template of the variant, else of the type. */
const foundAt = (language: Language, path: Path): Found | undefined => {
  for (const layer of layersOf(language)) {
    const source = valueAt(layer, path)
    if (typeof source === 'string')
      return { locale: language.locale, pointer: `${layer.pointer}/${path.join('/')}`, source }
  }
  return undefined
}

/** Takes the first template of the first language that has one. */
const first = (chain: readonly Language[], ...paths: readonly Path[]): Found | undefined => {
  for (const language of chain)
    for (const path of paths) {
      const found = foundAt(language, path)
      if (found) return found
    }
  return undefined
}

/** Takes a text that replaces others, unless a language before it has one of those. */
const unless = (chain: readonly Language[], own: Path, others: readonly Path[]): Found | undefined => {
  for (const language of chain) {
    const found = foundAt(language, own)
    if (found) return found
    if (others.some((path) => foundAt(language, path))) return undefined
  }
  return undefined
}

/** The templates of one channel's texts. Texts that the type omits are undefined. */
export type Fields = Partial<Record<'subject' | 'html' | 'text' | 'title' | 'body', Found | undefined>>

/**
 * Chooses the templates of a channel's texts: language first, and field by field. Within a language the order is the
 * variant's channel, the type's channel, the variant's content, the type's content.
 */
export const fieldsOf = (chain: readonly Language[], channel: DeliveryChannel): Fields => {
  const content = { title: first(chain, TITLE), body: first(chain, BODY) }
  switch (channel) {
    case 'inbox':
    case 'webhook':
      return content
    case 'push':
      return {
        title: first(chain, ['channels', 'push', 'title'], TITLE),
        body: first(chain, ['channels', 'push', 'body'], BODY),
      }
    case 'email': {
      const html: Path = ['channels', 'email', 'html']
      return {
        subject: first(chain, ['channels', 'email', 'subject'], TITLE),
        ...content,
        html: unless(chain, html, [BODY]),
        text: unless(chain, ['channels', 'email', 'text'], [html, BODY]),
      }
    }
    default: {
      const text = unless(chain, ['channels', channel, 'text'], [TITLE, BODY])
      return text ? { text } : content
    }
  }
}

/** Chooses the template of a link. */
export const linkOf = (chain: readonly Language[], field: 'url' | 'image') => first(chain, ['content', field])

/** Chooses the layout of e-mails. `source` is its key. */
export const layoutOf = (chain: readonly Language[]) => first(chain, ['channels', 'email', 'layout'])

/** An action and the templates of its texts. */
export type FoundAction = {
  name: string
  primary?: boolean | undefined
  label: Found
  url?: Found | undefined
}

/** Chooses the actions: all of them from one language, so that they are the same buttons. */
export const actionsOf = (chain: readonly Language[]): FoundAction[] | undefined => {
  const layers = chain.flatMap((language) =>
    layersOf(language).map((layer) => ({ ...layer, locale: language.locale })),
  )
  const layer = layers.find(({ content }) => content?.actions !== undefined)
  return layer?.content?.actions?.flatMap(({ name, primary }, index) => {
    const label = foundAt(layer, ['content', 'actions', index, 'label'])
    const url = foundAt(layer, ['content', 'actions', index, 'url'])
    return label ? [{ name, primary, label, url }] : []
  })
}
