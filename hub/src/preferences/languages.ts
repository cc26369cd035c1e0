/** The languages of the pages for recipients. The first one is the fallback. */
const LANGUAGES = ['en', 'de', 'pt', 'ar', 'ja'] as const
export type Language = (typeof LANGUAGES)[number]

/** Longer headers are cut. No browser sends that many languages. */
const HEADER_MAX = 512

const isTag = (text: string): boolean => {
  try {
    return Intl.getCanonicalLocales(text).length > 0
  } catch {
    return false
  }
}

/** Returns the languages of an `Accept-Language` header (RFC 9110), most preferred first. */
export const acceptedLanguages = (header = ''): string[] =>
  header
    .slice(0, HEADER_MAX)
    .split(',')
    .map((entry) => {
      const [tag = '', quality = ''] = entry.split(';')
      return {
        tag: tag.trim(),
        weight: quality.trim().startsWith('q=') ? Number(quality.trim().slice(2)) : 1,
      }
    })
    .filter(({ tag, weight }) => weight > 0 && isTag(tag))
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag)

/** Returns the first wanted language that the pages have: `pt-BR` is served in `pt`. */
export const chooseLanguage = (wanted: readonly (string | undefined)[]): Language => {
  for (const tag of wanted) {
    const primary = tag?.split(/[-_]/, 1)[0]?.toLowerCase()
    const known = LANGUAGES.find((language) => language === primary)
    if (known) return known
  }
  return LANGUAGES[0]
}
