import { Resolver, lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { HttpFailure } from './port.ts'
import { isLoopbackName, plainHost, type SsrfGuard, TO_ALLOW } from './ssrf.ts'

/** Resolves with all addresses of a host name. Rejects or resolves with an empty list if it has no address. */
export type Lookup = (host: string) => Promise<readonly string[]>

/** Uses the system's lookup, with its hosts file. Only for names that the operator allows. */
const ofSystem: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address)

/**
 * Queries DNS, IPv4 first. Does not use the system's lookup, because slow name servers would occupy the
 * thread pool that is shared with file operations.
 */
const ofDns = (): Lookup => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  return async (host) => {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    if (ipv4.status === 'rejected' && ipv6.status === 'rejected') throw ipv4.reason
    return [ipv4, ipv6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

/**
 * Returns a lookup of checked addresses. Callers must connect to these, because a second lookup could return
 * others. Rejects with HttpFailure if any address of the host is forbidden.
 */
export const checkedLookup = (guard: SsrfGuard, given?: Lookup) => {
  const dns = given ?? ofDns()
  const system = given ?? ofSystem
  return async (host: string, port: number): Promise<readonly string[]> => {
    const literal = plainHost(host)
    if (isLoopbackName(literal) && !guard.excepted(host, port))
      throw new HttpFailure('refused_target', `the host is not public; ${TO_ALLOW}`, false)
    const found =
      isIP(literal) !== 0
        ? [literal]
        : await (guard.excepted(host, port) ? system : dns)(host).catch((error: unknown) => {
            const code = error instanceof Error && 'code' in error ? error.code : error
            throw new HttpFailure('unreachable', `the host cannot be looked up: ${code}`, false, error)
          })
    if (found.length === 0) throw new HttpFailure('unreachable', 'the host has no address', false)
    if (!found.every((address) => guard.reachable(host, port, address)))
      throw new HttpFailure(
        'refused_target',
        `the host has an address that is not public; ${TO_ALLOW}`,
        false,
      )
    return found
  }
}
