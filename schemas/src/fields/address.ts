import { z } from 'zod'

/** RFC 5321: a path has at most 256 octets with its angle brackets, a local part at most 64. */
const EMAIL_MAX = 254
const LOCAL_MAX = 64
/** A dot-atom (RFC 5322, 3.2.3): the characters of HTML's email input, without leading, trailing or repeated dots. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
/** Characters that a URL parser does not read as part of a host name. */
const NO_HOST = /[\p{C}\s/\\?#@:%[\]<>|^]/u
/** At least two ASCII labels; the top-level label is not a number. */
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
 * Returns an e-mail address with its domain in lower case and ASCII (A-labels, RFC 5890), as mail servers expect it;
 * undefined if it is invalid. Quoted local parts, non-ASCII local parts and address literals are not supported.
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
