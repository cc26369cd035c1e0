import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

const LOOPBACK = ['127.0.0.0/8', '::1/128']
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10']
const NAMES: Record<string, string[]> = { loopback: LOOPBACK, private: [...LOOPBACK, ...PRIVATE] }

/** Parses an address. Dual-stack sockets report IPv4 addresses as `::ffff:192.0.2.1`; these become IPv4. */
const parseAddress = (text: string): Address | undefined =>
  ipaddr.isValid(text) ? ipaddr.process(text) : undefined

const networksOf = (entry: string): Network[] | undefined => {
  if (NAMES[entry]) return NAMES[entry].map((cidr) => ipaddr.parseCIDR(cidr))
  if (ipaddr.isValidCIDR(entry)) return [ipaddr.parseCIDR(entry)]
  const address = parseAddress(entry)
  return address && [[address, address.kind() === 'ipv4' ? 32 : 128]]
}

/** Reports whether an entry is an address, a CIDR, `loopback` or `private`. */
export const isNetwork = (entry: string): boolean => networksOf(entry) !== undefined

/** Returns the key of a client for limits: its IPv4 address, or its IPv6 /64 network. */
const clientKey = (address: Address): string =>
  address instanceof ipaddr.IPv6
    ? `${address.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')}::/64`
    : address.toString()

/**
 * Returns a function that finds the address of a client behind proxies. `X-Forwarded-For` is read from the right as long as
 * the addresses are `trusted` proxies; a client can forge everything further left. Throws if an entry of `trusted` is not an
 * address, a CIDR, `loopback` or `private`.
 */
export const createClientAddress = (trusted: readonly string[]) => {
  const networks = trusted.flatMap((entry) => {
    const found = networksOf(entry)
    if (!found) throw new Error(`${JSON.stringify(entry)} is not an address or network`)
    return found
  })
  const isTrusted = (address: Address) =>
    networks.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits))

  /** Returns the key of the client. `remote` is the address of the connection. */
  return (remote: string | undefined, forwardedFor: string | undefined): string => {
    const connected = parseAddress(remote ?? '')
    if (!connected) return 'unknown'
    let address: Address = connected
    for (const hop of forwardedFor?.split(',').reverse() ?? []) {
      const next: Address | undefined = isTrusted(address) ? parseAddress(hop.trim()) : undefined
      if (!next) break
      address = next
    }
    return clientKey(address)
  }
}
