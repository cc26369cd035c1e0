import type { LocalizedTemplates, NotificationType } from '@carillon/schemas'
import { generalizations } from './locale-chain.ts'

/** The locale of a type that names none. */
const DEFAULT_LOCALE = 'en'

/** What templates need of a type. */
export type Templated = Pick<
  NotificationType,
  'key' | 'name' | 'locale' | 'content' | 'channels' | 'messages' | 'locales'
>

/** The texts of a type in one language. `pointer` is the JSON Pointer of these texts in the type. */
export type Language = LocalizedTemplates & { locale: string; pointer: string }

export const localeOf = ({ locale = DEFAULT_LOCALE }: Pick<Templated, 'locale'>): string => locale

/** Returns whether a type has texts. */
export const hasTemplates = ({ content, channels, locales }: Omit<Templated, 'key'>): boolean =>
  content !== undefined || channels !== undefined || locales !== undefined

/** Returns the languages of a type: its translations, then its own. */
export const languagesOf = (type: Templated): Language[] => [
  ...Object.entries(type.locales ?? {}).map(([locale, texts]) => ({
    ...{ locale, pointer: `/locales/${locale}` },
    ...texts,
  })),
  {
    ...{ locale: localeOf(type), pointer: '' },
    content: type.content,
    channels: type.channels,
    messages: type.messages,
  },
]

/** ICU messages by key, most specific locale first. */
export type Messages = readonly { locale: string; messages: Readonly<Record<string, string>> }[]

/** Returns the languages in the order in which a person with this locale gets them: pt-BR, pt, then the type's own. */
export const chainOf = <Texts extends { locale: string }>(
  languages: readonly Texts[],
  locale: string | undefined,
  fallback: string,
): Texts[] => {
  const locales = [...(locale === undefined ? [] : generalizations(locale)), fallback]
  return [...new Set(locales)].flatMap((each) => languages.filter((language) => language.locale === each))
}
