import { ENGLISH, type Message, type Strings, type TextKey } from './english.ts'

/** Returns a text in the language of the bell. A number selects the plural form by the CLDR rules of the locale. */
export type Text<Key extends string = TextKey> = (
  key: Key,
  values?: Record<string, string | number>,
) => string

/** Creates the texts of a locale: those in `strings`, else the English ones. */
export const createText = <Key extends string = TextKey>(
  locale: string,
  strings: Partial<Strings> = {},
  english: Record<Key, Message> = ENGLISH as Record<string, Message> as Record<Key, Message>,
): Text<Key> => {
  const plurals = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (key, values = {}) => {
    const message: Message = (strings as Partial<Record<string, Message>>)[key] ?? english[key]
    const form =
      typeof message === 'string' ? message : (message[plurals.select(Number(values.n))] ?? message.other)
    return form.replace(/\{(\w+)\}/g, (name, key: string) => {
      const value = values[key]
      return typeof value === 'number' ? numbers.format(value) : (value ?? name)
    })
  }
}
