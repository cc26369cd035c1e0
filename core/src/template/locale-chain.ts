/** Scripts that are written from right to left (ISO 15924). */
const RIGHT_TO_LEFT = new Set([
  'Adlm',
  'Arab',
  'Hebr',
  'Mand',
  'Nkoo',
  'Rohg',
  'Samr',
  'Syrc',
  'Thaa',
  'Yezi',
])

/** Returns a locale and the more general ones it belongs to: `zh-Hant-TW`, `zh-Hant`, `zh`. */
export const generalizations = (locale: string): string[] => {
  // Extensions, such as the calendar in `ar-u-ca-islamic`, do not affect the texts.
  const parts = new Intl.Locale(locale).baseName.split('-')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
}

/** Returns the direction in which a locale is written. */
export const directionOf = (locale: string): 'ltr' | 'rtl' =>
  RIGHT_TO_LEFT.has(new Intl.Locale(locale).maximize().script ?? '') ? 'rtl' : 'ltr'

/** Returns the languages that suit a locale, best first: pt-BR, pt, then `fallback`. */
export const chainOf = <Texts extends { locale: string }>(
  languages: readonly Texts[],
  locale: string | undefined,
  fallback: string,
): Texts[] => {
  const locales = [...(locale === undefined ? [] : generalizations(locale)), fallback]
  return [...new Set(locales)].flatMap((each) => languages.filter((language) => language.locale === each))
}
