import type { TemplatePartial } from '@carillon/schemas'
import type { Medium } from './engine.ts'
import { localeOf, type Messages } from './languages.ts'
import { chainOf } from './locale-chain.ts'

/** A partial in the language of a recipient. `medium` is that of its output. */
type FoundPartial = { medium: Exclude<Medium, 'url'>; source: string; messages: Messages }

/** Returns a partial in the closest language to a locale; undefined if it does not exist. */
export type FindPartial = (key: string, locale: string) => FoundPartial | undefined

export const NO_PARTIALS: FindPartial = () => undefined

type Texts = Pick<TemplatePartial, 'text' | 'html' | 'messages'>

/** Returns the texts of a layout or partial in all its languages, each with its JSON Pointer in the layout or partial. */
export const languagesWithin = <Own extends { messages?: unknown }>({
  locale: own,
  locales = {},
  ...texts
}: Own & { locale?: string | undefined; locales?: Record<string, Partial<Own>> | undefined }) => [
  ...Object.entries(locales).map(([locale, each]) => ({ ...each, locale, pointer: `/locales/${locale}` })),
  { ...(texts as unknown as Own), locale: localeOf({ locale: own }), pointer: '' },
]

/** Returns the messages of a chain of languages, most specific first. */
export const messagesOf = (chain: readonly { locale: string; messages?: Texts['messages'] }[]): Messages =>
  chain.flatMap(({ locale, messages }) => (messages ? [{ locale, messages }] : []))

/** Returns a function that finds the partials of a library. */
export const findPartialIn =
  (partials: ReadonlyMap<string, TemplatePartial>): FindPartial =>
  (key, locale) => {
    const partial = partials.get(key)
    if (!partial) return undefined
    const languages = languagesWithin<Texts>(partial)
    const chain = chainOf(languages, locale, localeOf(partial))
    const medium = partial.html === undefined ? 'text' : 'html'
    const source = chain.find((each) => each[medium] !== undefined)?.[medium]
    return source === undefined ? undefined : { medium, source, messages: messagesOf(chain) }
  }
