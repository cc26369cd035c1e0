import { z } from 'zod'
import { EmailAddress, PhoneNumber } from './address.ts'
import { JsonObject } from './json-object.ts'
import { text } from './text.ts'

const timeZone = (zone: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** A language tag in its canonical form (BCP 47); `pt_BR`, as POSIX writes it, is `pt-BR`. */
const readLocale = (locale: string): string | undefined => {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}

const Locale = z
  .string()
  .max(64)
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

/** What is known of a person. Senders may leave all of it out: a user id is enough. */
export const UserProfile = z.strictObject({
  name: text(256).optional(),
  email: EmailAddress.optional(),
  phone: PhoneNumber.optional(),
  locale: Locale.optional(),
  timezone: z.string().max(64).refine(timeZone, 'must be an IANA time zone such as Europe/Lisbon').optional(),
  attributes: JsonObject.optional(),
})
export type UserProfile = z.infer<typeof UserProfile>
