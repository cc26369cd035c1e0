import type { Strings } from './english.ts'

/** The languages besides English, each in a chunk of its own. Keys are BCP 47 tags: a language, or a language and region. */
export const LOCALES: Readonly<Record<string, () => Promise<{ default: Strings }>>> = {
  ar: () => import('./locales/ar.ts'),
  de: () => import('./locales/de.ts'),
  es: () => import('./locales/es.ts'),
  fr: () => import('./locales/fr.ts'),
  ja: () => import('./locales/ja.ts'),
  pt: () => import('./locales/pt.ts'),
}

/**
 * Returns the key of the texts for a locale: of its language and region, else of its language. Returns undefined if there are
 * none.
 */
export const localeFor = (locale: string, known: object = LOCALES): string | undefined => {
  const { language, region } = new Intl.Locale(locale)
  return [`${language}-${region}`, language].find((key) => Object.hasOwn(known, key))
}

/**
 * Loads the texts for a locale. Resolves with undefined for English, for a language without texts, and if the texts cannot be
 * loaded: the bell is then in English.
 */
export const loadStrings = async (locale: string): Promise<Strings | undefined> => {
  const load = LOCALES[localeFor(locale) ?? '']
  return (await load?.().catch(() => undefined))?.default
}
