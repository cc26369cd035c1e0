import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An SSRF guard: allows public HTTPS, and the operator's exceptions. */
export type SsrfGuard = {
  /** Reports whether the operator allows this host (a name or an address) on this port. */
  excepted(host: string, port: number): boolean
  /** Reports whether connecting to an address of a host is allowed. */
  reachable(host: string, port: number, address: string): boolean
  /**
   * Returns why a URL must not be requested, as far as that is known without a lookup; undefined if it may
   * be.
   */
  refusal(url: string): string | undefined
}

/** What the operator does to allow a host. */
export const TO_ALLOW = 'to allow the host, set CARILLON_ALLOWED_TARGETS'

const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Reports whether an address belongs to the public internet. Special ranges of the IANA registries (RFC 6890)
 * do not, nor do ranges that represent IPv4 addresses (mapped, 6to4, Teredo, NAT64), which a gateway might
 * translate to a private address.
 */
const isPublic = (address: string): boolean => {
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6)
}

/** Normalizes a host for comparison: lower case, without brackets or a trailing dot. */
export const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

/** Reports whether a plain host is `localhost` or below it, which DNS does not know (RFC 6761). */
export const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

/** Returns the port of a URL. */
export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80))

type Exception = (host: string, port: number) => boolean

/** Parses `host` or `host:port`, where the host may be an address or a CIDR. IPv6 with a port needs brackets. */
const exception = (entry: string): Exception => {
  if (entry === '*') return () => true
  const ipv6 = entry.indexOf(':') !== entry.lastIndexOf(':')
  const match = ipv6
    ? /^(?:\[([^[\]]+)\](?::(\d+))?|([^[\]]+))$/.exec(entry)
    : /^([^:[\]]+)(?::(\d+))?$/.exec(entry)
  const name = plainHost(match?.[1] ?? match?.[3] ?? '')
  const onPort = match?.[2] === undefined ? () => true : (port: number) => port === Number(match[2])
  if (ipaddr.isValidCIDR(name) || isIP(name) !== 0) {
    const [net, bits] = ipaddr.parseCIDR(name.includes('/') ? name : `${name}/${isIP(name) === 4 ? 32 : 128}`)
    return (host, port) => {
      if (isIP(host) === 0 || !onPort(port)) return false
      const address = ipaddr.process(host)
      return address.kind() === net.kind() && address.match(net, bits)
    }
  }
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name))
    throw new Error(`"${entry}" is not a host, address or CIDR, each with or without :port`)
  return (host, port) => host === name && onPort(port)
}

/** Throws if an entry of `allow` is not a host, address or CIDR. */
export const ssrfGuard = (allow: readonly string[]): SsrfGuard => {
  const exceptions = allow.map(exception)
  const excepted = (host: string, port: number) =>
    exceptions.some((matches) => matches(plainHost(host), port))

  return {
    excepted,

    reachable: (host, port, address) =>
      excepted(host, port) || excepted(address, port) || (isIP(address) !== 0 && isPublic(address)),

    refusal: (text) => {
      if (!URL.canParse(text)) return 'it is not an absolute URL'
      const url = new URL(text)
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'only https is allowed'
      if (url.username !== '' || url.password !== '') return 'it must not hold credentials'
      const [host, port] = [plainHost(url.hostname), portOf(url)]
      if (excepted(host, port)) return undefined
      if (url.protocol !== 'https:') return `only https is allowed; ${TO_ALLOW}`
      if (port !== 443) return `only port 443 is allowed; ${TO_ALLOW}`
      if (isLoopbackName(host)) return `its host is not public; ${TO_ALLOW}`
      if (isIP(host) !== 0 && !isPublic(host)) return `its address is not public; ${TO_ALLOW}`
      return undefined
    },
  }
}
