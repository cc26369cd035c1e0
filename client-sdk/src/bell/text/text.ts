import { ENGLISH, type Message, type Strings, type TextKey } from './english.ts'

/** Returns a text in the language of the bell. A number selects the plural form by the CLDR rules of the locale. */
export type Text = (key: TextKey, values?: Record<string, string | number>) => string

export const createText = (locale: string, strings: Partial<Strings> = {}): Text => {
  const plurals = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (key, values = {}) => {
    const message: Message = strings[key] ?? ENGLISH[key]
    const form =
      typeof message === 'string' ? message : (message[plurals.select(Number(values.n))] ?? message.other)
    return form.replace(/\{(\w+)\}/g, (name, key: string) => {
      const value = values[key]
      return typeof value === 'number' ? numbers.format(value) : (value ?? name)
    })
  }
}
