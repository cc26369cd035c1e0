import type { Context } from 'liquidjs'
import { dateFormat, messageFormat, numberFormat, relativeFormat } from './formats.ts'
import { RECIPIENT, type Recipient } from './recipient.ts'

/** A value that a filter needs is missing. It counts as a missing value of the output. */
export class MissingValue extends Error {
  override readonly name = 'MissingValue'
}

type Filter = { context: Context }

const recipientOf = ({ context }: Filter): Recipient =>
  (context.globals as unknown as Record<symbol, Recipient>)[RECIPIENT] as Recipient

const isMissing = (value: unknown): value is undefined | null => value === undefined || value === null

const STYLES = ['short', 'medium', 'long', 'full'] as const
type Style = (typeof STYLES)[number]
const styleOf = (value: unknown, filter: string): Style => {
  const style = STYLES.find((each) => each === value)
  if (!style) throw new RangeError(`${filter} takes short, medium, long or full`)
  return style
}

/** A date without a time. It is not converted to the recipient's time zone. */
const DAY = /^\d{4}-\d\d-\d\d$/

/** An instant: RFC 3339, or epoch ms. */
const instantOf = (value: unknown, filter: string): number => {
  const at = typeof value === 'number' ? value : Date.parse(String(value))
  if (Number.isNaN(at)) throw new RangeError(`${filter} needs an instant`)
  return at
}

const numberOf = (value: unknown, filter: string): number => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) throw new RangeError(`${filter} needs a number`)
  return number
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365.25 * 86_400_000],
  ['month', 30.44 * 86_400_000],
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** The message of a key in the most specific locale that has it. */
const messageOf = ({ messages }: Recipient, key: string) => {
  for (const each of messages)
    if (Object.hasOwn(each.messages, key)) return { locale: each.locale, text: each.messages[key] ?? '' }
  throw new RangeError(`there is no message ${JSON.stringify(key)}`)
}

/**
 * The filters of Carillon, in addition to those of Liquid. They use the recipient's locale and time zone.
 *
 * - `date: "long"` a date; `date: "long", "short"` a date and time; `date: "none", "short"` a time.
 * - `number`, `number: 2` with up to two decimals. `currency: "EUR"`.
 * - `relative` the time from now: "in 3 hours".
 * - `"items" | t: n: data.count` the ICU message `items`. Values are arguments only and are never parsed.
 */
export const FILTERS = {
  date(this: Filter, value: unknown, dateStyle: unknown = 'medium', timeStyle?: unknown) {
    if (isMissing(value)) return value
    const { locale, timezone } = recipientOf(this)
    const timeOnly = dateStyle === 'none' && timeStyle !== undefined
    return dateFormat(locale, {
      ...(timeOnly ? {} : { dateStyle: styleOf(dateStyle, 'date') }),
      ...(timeStyle === undefined ? {} : { timeStyle: styleOf(timeStyle, 'date') }),
      timeZone: DAY.test(String(value)) ? 'UTC' : timezone,
    }).format(instantOf(value, 'date'))
  },

  number(this: Filter, value: unknown, maximumFractionDigits: unknown = 3) {
    if (isMissing(value)) return value
    const digits = numberOf(maximumFractionDigits, 'number')
    return numberFormat(recipientOf(this).locale, { maximumFractionDigits: digits }).format(
      numberOf(value, 'number'),
    )
  },

  currency(this: Filter, value: unknown, currency: unknown) {
    if (isMissing(value)) return value
    if (isMissing(currency)) throw new MissingValue('the currency is missing')
    return numberFormat(recipientOf(this).locale, { style: 'currency', currency: String(currency) }).format(
      numberOf(value, 'currency'),
    )
  },

  relative(this: Filter, value: unknown) {
    if (isMissing(value)) return value
    const { locale, now } = recipientOf(this)
    const distance = instantOf(value, 'relative') - now
    const [unit, size] = UNITS.find(([, each]) => Math.abs(distance) >= each) ?? (['second', 1_000] as const)
    return relativeFormat(locale).format(Math.round(distance / size), unit)
  },

  t(this: Filter, key: unknown, ...named: unknown[]) {
    const { locale, text } = messageOf(recipientOf(this), String(key))
    const values: Record<string, unknown> = Object.create(null)
    for (const pair of named)
      if (Array.isArray(pair)) {
        const [name, value] = pair as [string, unknown]
        if (isMissing(value)) throw new MissingValue(`the value of ${name} is missing`)
        values[name] = value
      }
    return String(messageFormat(locale, text).format(values as Record<string, string>))
  },
}
