import type { OtpSettings } from '@carillon/schemas'
import {
  type CountryCode,
  getCountryCallingCode,
  type NumberType,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

/** Kinds of numbers that cost whoever sends to them, and pay whoever holds them. */
const KINDS: Partial<Record<NonNullable<NumberType>, string>> = {
  PREMIUM_RATE: 'a premium-rate',
  SHARED_COST: 'a shared-cost',
  PAGER: 'a pager',
  VOICEMAIL: 'a voicemail',
}

/** Numbers of new ranges are of no country that the library knows; then their calling code decides. */
const isOf = (country: string, number: { country?: CountryCode; countryCallingCode: string }): boolean =>
  number.country === undefined
    ? getCountryCallingCode(country as CountryCode) === number.countryCallingCode
    : number.country === country

/**
 * Why no code is sent to this phone number (E.164), in words; undefined if one may be. `countries` are known to the library.
 * Pure.
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

/** Numbers that an operator is likely to have in one block. */
export const rangeOf = (phone: string): string => phone.slice(0, -4)
