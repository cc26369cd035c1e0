import type { LocalizedTemplates, NotificationType } from '@carillon/schemas'

/** The locale of a type, layout or partial without one. */
const DEFAULT_LOCALE = 'en'

/** The properties of a type that templates need. */
export type Templated = Pick<
  NotificationType,
  'key' | 'name' | 'locale' | 'content' | 'channels' | 'messages' | 'locales' | 'variants' | 'group'
> & { digest?: { key?: string | undefined } | undefined }

type Keys = Pick<Templated, 'group' | 'digest'>

/** Returns the template of the key of an item's group, and its JSON Pointer: by default, the key of the type's digest. */
export const groupTemplateOf = ({ group, digest }: Keys): { pointer: string; source: string } | undefined => {
  if (group !== undefined) return { pointer: '/group', source: group }
  return digest?.key === undefined ? undefined : { pointer: '/digest/key', source: digest.key }
}

/** Texts of one language. `pointer` is their JSON Pointer in the type. */
type Layer = LocalizedTemplates & { pointer: string }

/** The texts of a type in one language, and those of a variant, which take precedence. */
export type Language = Layer & { locale: string; variant?: Layer }

/** Returns the texts of a language in order of precedence. */
export const layersOf = (language: Language): Layer[] =>
  language.variant ? [language.variant, language] : [language]

/** Returns the locale of the own texts of a type, layout or partial. */
export const localeOf = ({ locale = DEFAULT_LOCALE }: Pick<Templated, 'locale'>): string => locale

type Texts = Omit<Templated, 'key' | 'variants'>

/** Returns whether a type has texts, or a group. */
export const hasTemplates = ({
  content,
  channels,
  locales,
  variants = [],
  ...keys
}: Texts & { variants?: readonly Texts[] | undefined }): boolean =>
  groupTemplateOf(keys) !== undefined ||
  content !== undefined ||
  channels !== undefined ||
  locales !== undefined ||
  variants.some((variant) => hasTemplates(variant))

const ownLanguages = (
  type: Pick<Templated, 'locale' | 'content' | 'channels' | 'messages' | 'locales'>,
  start: string,
): Language[] => [
  ...Object.entries(type.locales ?? {}).map(([locale, texts]) => ({
    ...{ locale, pointer: `${start}/locales/${locale}` },
    ...texts,
  })),
  {
    ...{ locale: localeOf(type), pointer: start },
    content: type.content,
    channels: type.channels,
    messages: type.messages,
  },
]

/** ICU messages by key, most specific locale first. */
export type Messages = readonly { locale: string; messages: Readonly<Record<string, string>> }[]

/** Returns the languages of each variant of a type, without the texts of the type. */
export const variantLanguages = (type: Templated): Language[][] =>
  (type.variants ?? []).map((variant, index) =>
    ownLanguages({ ...variant, locale: localeOf(type) }, `/variants/${index}`),
  )

/**
 * Returns the languages of a type for people who get a variant: the translations, then the type's own language. An unknown
 * variant is ignored.
 */
export const languagesOf = (type: Templated, variant?: string): Language[] => {
  const own = ownLanguages(type, '')
  const index = type.variants?.findIndex(({ key }) => key === variant) ?? -1
  if (index < 0) return own
  const start = `/variants/${index}`
  const bases = new Map(own.map((language) => [language.pointer, language]))
  const layers = new Map(
    variantLanguages(type)[index]?.map((language) => [language.pointer.slice(start.length), language]),
  )
  const places = [...new Set([...bases.keys(), ...layers.keys()])]
  const sorted = places.sort((one, other) => Number(one === '') - Number(other === ''))
  return sorted.flatMap((pointer): Language[] => {
    const [base, layer] = [bases.get(pointer), layers.get(pointer)]
    if (!layer) return base ? [base] : []
    return [{ locale: layer.locale, pointer, ...base, variant: layer }]
  })
}

/** Returns the languages of a type, and those of each variant without the texts of the type. */
export const allLanguages = (type: Templated): Language[] => [
  ...languagesOf(type),
  ...variantLanguages(type).flat(),
]
