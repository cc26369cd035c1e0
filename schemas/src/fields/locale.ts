import { z } from 'zod'

const LENGTH_MAX = 64

const timeZone = (zone: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Returns a language tag in canonical form (BCP 47); undefined if it is invalid. The POSIX form `pt_BR` becomes `pt-BR`. */
const readLocale = (locale: string): string | undefined => {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}

export const Locale = z
  .string()
  .max(LENGTH_MAX)
  .check((payload) => {
    const locale = readLocale(payload.value)
    if (locale === undefined)
      payload.issues.push({
        code: 'custom',
        input: payload.value,
        message: 'must be a BCP 47 tag such as pt-BR',
      })
    else payload.value = locale
  })
  .meta({
    format: 'bcp47',
    pattern: '^[A-Za-z]{2,8}(?:[_-][A-Za-z0-9]{1,8})*$',
    description: 'A BCP 47 language tag; pt_BR is kept as pt-BR',
    examples: ['pt-BR'],
  })

export const TimeZone = z
  .string()
  .max(LENGTH_MAX)
  .refine(timeZone, 'must be an IANA time zone such as Europe/Lisbon')
  .meta({
    format: 'iana-time-zone',
    pattern: '^[A-Za-z0-9_+:/-]+$',
    description: 'An IANA time zone',
    examples: ['Europe/Lisbon'],
  })
