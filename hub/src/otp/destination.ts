import type { OtpSettings } from '@carillon/schemas'
import {
  type CountryCode,
  getCountryCallingCode,
  type NumberType,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

/** Types of numbers used for SMS pumping: the sender pays and the holder earns. */
const KINDS: Partial<Record<NonNullable<NumberType>, string>> = {
  PREMIUM_RATE: 'a premium-rate',
  SHARED_COST: 'a shared-cost',
  PAGER: 'a pager',
  VOICEMAIL: 'a voicemail',
}

/**
 * Reports whether a number belongs to a country. Falls back to the calling code for ranges unknown to the
 * library.
 */
const isOf = (country: string, number: { country?: CountryCode; countryCallingCode: string }): boolean =>
  number.country === undefined
    ? getCountryCallingCode(country as CountryCode) === number.countryCallingCode
    : number.country === country

/**
 * Returns why a code must not be sent to a phone number (E.164); undefined if it may be. `countries` must be known to the
 * library. Pure.
 */
export const destinationRefusal = (
  phone: string,
  { countries, prefixes = [] }: Pick<OtpSettings, 'countries' | 'prefixes'>,
): string | undefined => {
  if (prefixes.some((prefix) => phone.startsWith(prefix))) return undefined
  const number = parsePhoneNumberFromString(phone)
  if (!number) return 'no country has its calling code'
  const code = `+${number.countryCallingCode}`
  if (number.isNonGeographic()) return `${code} belongs to satellite, international or shared-cost networks`
  const kind = KINDS[number.getType() ?? 'MOBILE']
  if (kind !== undefined) return `it is ${kind} number`
  if (countries && !countries.some((country) => isOf(country, number)))
    return `${number.country ?? code} is not among the countries of the tenant`
  return undefined
}

/** Returns the range of a number: the block that usually belongs to one operator. */
export const rangeOf = (phone: string): string => phone.slice(0, -4)
