import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { ProblemError } from '@carillon/core/errors'
import type { Refusal } from './guard.ts'

/** Returns the host name of a Host header or a URL's authority: lower case, without port, IPv6 without brackets. */
const hostname = (authority: string): string | undefined => {
  try {
    return new URL(`http://${authority}`).hostname.replace(/^\[|\]$/g, '')
  } catch {
    return undefined
  }
}

const originOf = (url: string | undefined) => (url === undefined ? undefined : new URL(url).origin)

/**
 * Rejects WebSocket handshakes from pages whose origin is not in `origins`, as CORS does for requests.
 * Accepts the hub's own pages, and clients without an Origin header, which are not browsers.
 */
export const refuseOrigins = (options: { origins: '*' | readonly string[]; publicUrl?: string }): Refusal => {
  const { origins, publicUrl } = options
  if (origins === '*') return () => undefined
  const allowed = new Set<string | undefined>([...origins, originOf(publicUrl)])
  const isOwn = ({ headers: { host, origin } }: IncomingMessage) =>
    origin === `http://${host}` || origin === `https://${host}`
  return (request, kind) => {
    const { origin } = request.headers
    if (kind === 'request' || origin === undefined || allowed.has(origin) || isOwn(request)) return undefined
    return new ProblemError(
      'forbidden',
      `pages of ${JSON.stringify(origin.slice(0, 200))} may not connect; CARILLON_ORIGINS lists the origins that may`,
    )
  }
}

/** `localhost` and its subdomains, which browsers resolve to loopback, and every IP address. */
const cannotBeRebound = (name: string) =>
  isIP(name) > 0 || name === 'localhost' || name.endsWith('.localhost')

/**
 * Rejects requests and handshakes for host names that are not in `names`. This prevents DNS rebinding: a page
 * that resolves its own name to this machine has the same origin as the hub, and could read what the hub
 * serves without credentials.
 */
export const refuseHosts = (names: readonly string[]): Refusal => {
  const allowed = new Set(names.map((name) => hostname(name)))
  const misdirected = (name: string) =>
    new ProblemError(
      'misdirected',
      `${JSON.stringify(name.slice(0, 200))} is not a host name of this development server; use localhost, or set CARILLON_PUBLIC_URL to the URL you use`,
    )
  let accepted: string | undefined
  return ({ headers: { host } }) => {
    // The application rejects a request without a host.
    if (host === undefined || host === '' || host === accepted) return undefined
    const name = hostname(host)
    if (name === undefined || !(cannotBeRebound(name) || allowed.has(name))) return misdirected(host)
    accepted = host
    return undefined
  }
}
