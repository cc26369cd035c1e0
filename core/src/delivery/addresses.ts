import { readEmail } from '@carillon/schemas'
import type { Address } from './provider.ts'

/**
 * Numbers with two forms, because a country changed its numbering plan. WhatsApp reports the form that an
 * account was registered with, whichever form was used. Each entry maps the first form to the second.
 * Sources: https://faq.whatsapp.com/640432094208718 (Mexico's 1, Argentina's 9), Anatel resolution 553/2010
 * (Brazil's ninth digit; landlines begin with 2 to 5 and lack it).
 */
const SAME_PERSON: readonly [form: RegExp, same: string][] = [
  [/^\+521(\d{10})$/, '+52$1'],
  [/^\+549(\d{10})$/, '+54$1'],
  [/^\+55(?<area>\d{2})(?<number>[6-9]\d{7})$/, '+55$<area>9$<number>'],
]

const phoneKey = (phone: string): string => {
  for (const [form, same] of SAME_PERSON) if (form.test(phone)) return phone.replace(form, same)
  return phone
}

/**
 * Returns a key that is the same for every form of an e-mail address or phone number. Suppressions are found by its digest,
 * so that a STOP or a bounce matches the stored address. Do not send to it.
 */
export const addressKey = (address: string): string =>
  address.includes('@') ? (readEmail(address) ?? address).toLowerCase() : phoneKey(address)

/** Returns the e-mail address or phone number; undefined for other addresses. */
export const addressOf = (address: Address): string | undefined => {
  if (address.kind === 'email') return address.email
  return address.kind === 'phone' ? address.phone : undefined
}
