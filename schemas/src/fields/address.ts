import { z } from 'zod'

/** RFC 5321: the longest path is 256 octets with its angle brackets; a local part has at most 64. */
const EMAIL_MAX = 254
const LOCAL_MAX = 64
/** A dot-atom (RFC 5322, 3.2.3): the characters that HTML's email input takes, without dots in a row or at the ends. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
/** What a URL parser takes for something else than a part of a host name. */
const NO_HOST = /[\p{C}\s/\\?#@:%[\]<>|^]/u
/** At least two labels of ASCII, and a top level that is no number. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const asciiDomain = (domain: string): string | undefined => {
  if (NO_HOST.test(domain)) return undefined
  try {
    const { hostname } = new URL(`http://${domain}`)
    return DOMAIN.test(hostname) ? hostname : undefined
  } catch {
    return undefined
  }
}

/**
 * An e-mail address with its domain in lower case and ASCII (A-labels, RFC 5890), as mail servers take it; undefined for
 * anything else. Quoted local parts, local parts beyond ASCII and address literals are not taken.
 */
export const readEmail = (text: string): string | undefined => {
  if (text.length > EMAIL_MAX) return undefined
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(0, at))
  if (local.length > LOCAL_MAX || !LOCAL.test(local)) return undefined
  const domain = asciiDomain(text.slice(at + 1))
  if (domain === undefined || local.length + 1 + domain.length > EMAIL_MAX) return undefined
  return `${local}@${domain}`
}

export const EmailAddress = z
  .string()
  .check((payload) => {
    const email = readEmail(payload.value)
    if (email === undefined)
      payload.issues.push({ code: 'custom', input: payload.value, message: 'must be an e-mail address' })
    else payload.value = email
  })
  .meta({
    format: 'idn-email',
    maxLength: EMAIL_MAX,
    pattern: "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[^\\s@]+$",
    description: 'An e-mail address: a dot-atom of ASCII, @ and a domain name, which may be international',
    examples: ['ada@example.com'],
  })

export const PhoneNumber = z.e164('must be a phone number as E.164, such as +351911111111').meta({
  description: 'A phone number as E.164',
  examples: ['+351911111111'],
})
