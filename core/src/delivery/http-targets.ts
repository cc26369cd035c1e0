import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Which hosts, ports and addresses may be reached: public HTTPS, and what the operator allows beside it. */
export type Targets = {
  /** Whether the operator allows this host (a name or an address) on this port. */
  excepted(host: string, port: number): boolean
  /** Whether an address that a host has may be connected to. */
  reachable(host: string, port: number, address: string): boolean
  /** Why a URL may not be requested, as far as it can be told without looking anything up. */
  refusal(url: string): string | undefined
}

const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address is of the public internet: none of the special ranges of the IANA registries (RFC 6890), nor one
 * that stands for an IPv4 address (mapped, 6to4, Teredo, NAT64), which a gateway might take back to a private one.
 */
const isPublic = (address: string): boolean => {
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6)
}

/** A host as it is compared: in lower case, without brackets or the dot of a full name. */
export const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

/** The port a URL is requested on. */
export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80))

type Exception = (host: string, port: number) => boolean

/** `host`, `host:port`, an address or a CIDR in place of the host; IPv6 with a port stands in brackets. */
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
    throw new Error(`"${entry}" is no host, address or CIDR, each with or without :port`)
  return (host, port) => host === name && onPort(port)
}

/** Throws when an entry of `allow` is none. */
export const targets = (allow: readonly string[]): Targets => {
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
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'only https is requested'
      if (url.username !== '' || url.password !== '') return 'it must not hold credentials'
      const [host, port] = [plainHost(url.hostname), portOf(url)]
      if (excepted(host, port)) return undefined
      if (url.protocol !== 'https:') return 'only https is requested'
      if (port !== 443) return 'only port 443 is requested'
      if (host === 'localhost' || host.endsWith('.localhost')) return 'its host is not public'
      if (isIP(host) !== 0 && !isPublic(host)) return 'its address is not public'
      return undefined
    },
  }
}
