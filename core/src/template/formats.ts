import { IntlMessageFormat } from 'intl-messageformat'
import { LRUCache } from 'lru-cache'

/** Formatters are slow to make: about 50 µs each. */
const FORMATTERS_MAX = 1_000
const cache = new LRUCache<string, object>({ max: FORMATTERS_MAX })

const kept = <Formatter extends object>(key: readonly unknown[], create: () => Formatter): Formatter => {
  const name = JSON.stringify(key)
  const found = cache.get(name) as Formatter | undefined
  if (found) return found
  const made = create()
  cache.set(name, made)
  return made
}

export const dateFormat = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  kept(['date', locale, options], () => new Intl.DateTimeFormat(locale, options))

export const numberFormat = (locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat =>
  kept(['number', locale, options], () => new Intl.NumberFormat(locale, options))

export const relativeFormat = (locale: string): Intl.RelativeTimeFormat =>
  kept(['relative', locale], () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }))

/** Throws a `SyntaxError` if the message does not parse. Tags are text, because the caller escapes the result. */
export const messageFormat = (locale: string, message: string): IntlMessageFormat =>
  kept(
    ['message', locale, message],
    () => new IntlMessageFormat(message, locale, undefined, { ignoreTag: true }),
  )
