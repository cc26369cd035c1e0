import { Resolver, lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { plainHost, type Targets } from './http-targets.ts'
import { HttpFailure } from './provider.ts'

/** All addresses of a host name. Rejects, or is empty, when there is none. */
export type Lookup = (host: string) => Promise<readonly string[]>

/** What the system says, including its hosts file: for names that the operator allows. */
const ofSystem: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address)

/**
 * What DNS says, IPv4 first. Slow name servers that strangers name must not take the few threads that the system's
 * lookups, and the whole process's files, run on.
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
 * Addresses of a host that have been checked, and are what must be connected to: a second lookup could tell others.
 * Rejects with HttpFailure, also when only some of them may be reached.
 */
export const checkedLookup = (targets: Targets, given?: Lookup) => {
  const dns = given ?? ofDns()
  const system = given ?? ofSystem
  return async (host: string, port: number): Promise<readonly string[]> => {
    const literal = plainHost(host)
    const found =
      isIP(literal) !== 0
        ? [literal]
        : await (targets.excepted(host, port) ? system : dns)(host).catch((error: unknown) => {
            const code = error instanceof Error && 'code' in error ? error.code : error
            throw new HttpFailure('unreachable', `the host cannot be looked up: ${code}`, false, error)
          })
    if (found.length === 0) throw new HttpFailure('unreachable', 'the host has no address', false)
    if (!found.every((address) => targets.reachable(host, port, address)))
      throw new HttpFailure('refused_target', 'the host has an address that is not public', false)
    return found
  }
}
