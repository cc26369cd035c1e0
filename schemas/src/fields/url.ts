import { z } from 'zod'

/** The longest URL, as it is written and as it is stored. */
export const URL_MAX = 2_048

/** A URL as it is stored, or the reason why it was rejected. */
export type ReadUrl = { href: string } | { fault: string }

const CONTROLS = /[\p{Cc}\u2028\u2029]/u
/** Paths are resolved against this base to determine where a browser would go. */
const BASE = 'https://base.invalid'

const parsed = (text: string, base?: string): URL | undefined => {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}

const fault = (message: string): ReadUrl => ({ fault: message })

/** Checks the rules for every URL: length and control characters. */
const bounded = (text: string, read: (text: string) => ReadUrl): ReadUrl => {
  if (text.length > URL_MAX) return fault(`must have at most ${URL_MAX} characters`)
  if (CONTROLS.test(text)) return fault('must not contain control characters')
  const result = read(text.trim())
  return 'href' in result && result.href.length > URL_MAX
    ? fault(`must have at most ${URL_MAX} characters once it is percent-encoded`)
    : result
}

const absolute = (text: string): ReadUrl => {
  const url = /^https?:\/\/[^/\\]/i.test(text) ? parsed(text) : undefined
  if (!url) return fault('must be an http or https URL')
  if (url.username !== '' || url.password !== '') return fault('must not contain credentials')
  return { href: url.href }
}

/** Reports whether a path is already normalized: nothing to encode, no dot segments, no double slash. */
const isPlain = (text: string): boolean =>
  /^\/[\w.~!$&()*+,;=:@/?#-]*$/.test(text) && !text.includes('/.') && !text.includes('//')

/** Reads a path. Rejects `/\host` and `/.//host`, which browsers resolve to another host. */
const path = (text: string): ReadUrl => {
  if (isPlain(text)) return { href: text }
  const url = parsed(text, BASE)
  if (!url || url.origin !== BASE || url.pathname.startsWith('//'))
    return fault('must start with one / and stay on its host')
  return { href: url.pathname + url.search + url.hash }
}

const opaque = (text: string): ReadUrl => {
  const url = parsed(text)
  return url ? { href: url.href.replaceAll(' ', '%20') } : fault('must be a URL')
}

/**
 * Reads an absolute http or https URL and normalizes it as browsers do (WHATWG URL): percent-encoded, the
 * host in ASCII. Rejects credentials and control characters.
 */
export const readWebUrl = (text: string): ReadUrl => bounded(text, absolute)

/** Reads a link for users: http, https, mailto, tel, or a path of the tenant's app that starts with `/`. */
export const readLink = (text: string): ReadUrl =>
  bounded(text, (trimmed) => {
    if (/^https?:/i.test(trimmed)) return absolute(trimmed)
    if (/^(mailto|tel):/i.test(trimmed)) return opaque(trimmed)
    return trimmed.startsWith('/')
      ? path(trimmed)
      : fault('must be http(s), mailto, tel or a path that starts with /')
  })

/** Returns the URL without trailing slashes. */
export const withoutTrailingSlash = (url: string): string => {
  let end = url.length
  while (url[end - 1] === '/') end--
  return url.slice(0, end)
}

/**
 * Returns a string schema for URLs. The published `pattern` covers what a regular expression can check, and
 * `format` names the other rules; validators ignore unknown formats.
 */
const urlSchema = (read: (text: string) => ReadUrl, published: { pattern: string; format: string }) =>
  z
    .string()
    .check((payload) => {
      const result = read(payload.value)
      if ('href' in result) payload.value = result.href
      else payload.issues.push({ code: 'custom', input: payload.value, message: result.fault })
    })
    .meta({ maxLength: URL_MAX, ...published })

const NO_CONTROLS = '[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*'
const PATH = `/(?:[^/\\\\\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]${NO_CONTROLS})?`
const WEB = `[Hh][Tt][Tt][Pp][Ss]?://[^/\\\\\\u0000-\\u0020]${NO_CONTROLS}`

/** An absolute http or https URL, normalized. */
export const WebUrl = urlSchema(readWebUrl, { format: 'web-url', pattern: `^ *${WEB}$` }).meta({
  description: 'An absolute http or https URL without credentials',
  examples: ['https://example.com/hooks/7'],
})
/** A link for users, normalized; see `readLink`. */
export const Link = urlSchema(readLink, {
  format: 'link',
  pattern: `^ *(?:${WEB}|[Mm][Aa][Ii][Ll][Tt][Oo]:${NO_CONTROLS}|[Tt][Ee][Ll]:${NO_CONTROLS}|${PATH})$`,
}).meta({
  description:
    "An http, https, mailto or tel URL, or a path of the tenant's app that starts with one slash. http needs CARILLON_INSECURE_LINKS=accept",
  examples: ['/posts/7'],
})
