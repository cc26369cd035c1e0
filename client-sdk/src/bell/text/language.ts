import type { Message, Strings } from './english.ts'
import { loadStrings } from './locales.ts'
import { createText, type Text } from './text.ts'

/** Returns the locale, or English if it is not a BCP 47 tag. */
const checked = (locale: string): string => {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en'
  } catch {
    return 'en'
  }
}

/** Creates the language of a bell: its texts. Texts are English until the texts of the locale are loaded. */
export const createLanguage = (update: () => void) => {
  let locale = 'en'
  let loaded: Strings | undefined
  let own: Partial<Strings> | undefined
  let text: Text = createText(locale)
  const strings = () => ({ ...loaded, ...own })

  return {
    get locale() {
      return locale
    },
    get text() {
      return text
    },
    /** Creates further texts. Those of the locale and of the app replace the given English ones. */
    textWith: <Key extends string>(english: Record<Key, Message>): Text<Key> =>
      createText(locale, strings(), english),
    /** Sets the locale. `replaced`: the texts of the app. */
    choose(wanted: string, replaced: Partial<Strings> | undefined) {
      const next = checked(wanted)
      own = replaced
      if (next !== locale) {
        locale = next
        loaded = undefined
        void loadStrings(locale).then((found) => {
          if (!found || next !== locale) return
          loaded = found
          text = createText(locale, strings())
          update()
        })
      }
      text = createText(locale, strings())
    },
  }
}
