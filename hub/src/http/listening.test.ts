import { Agent, get } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

/** Machines without IPv6 have to be supported too. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

let own: TestHub | undefined
afterEach(() => own?.close())

const listen = async (...hosts: string[]) => {
  own = await openHub()
  const { port } = await own.hub.listen(0, ...hosts)
  /** Sends a request on a new connection, unless `agent` keeps one. */
  const status = (host: string, agent: Agent | false = false) =>
    new Promise<number | string | undefined>((resolve) =>
      get({ host, port, path: '/healthz', agent }, (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode))
      }).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code)),
    )
  return { status, hub: own.hub }
}

test('listens on IPv4 and IPv6 without a host', async () => {
  const { status } = await listen()
  expect(await status('127.0.0.1')).toBe(200)
  if (hasIpv6) expect(await status('::1')).toBe(200)
})

test('serves two addresses as one server, which drains and closes as a whole', async () => {
  const { status, hub } = await listen('127.0.0.1', '::1')
  const kept = new Agent({ keepAlive: true })
  expect(await status('127.0.0.1', kept)).toBe(200)
  if (hasIpv6) expect(await status('::1', kept)).toBe(200)
  await hub.drain({ delayMs: 0, ms: 1_000 })
  await hub.close()
  expect(await status('127.0.0.1')).toBe('ECONNREFUSED')
  expect(await status('::1')).toMatch(/ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT/)
})

test('skips an address that the machine does not have, unless it is the first', async () => {
  // Reserved for documentation (RFC 5737).
  const { status } = await listen('127.0.0.1', '192.0.2.1')
  expect(await status('127.0.0.1')).toBe(200)
  const second = await openHub()
  await expect(second.hub.listen(0, '192.0.2.1')).rejects.toThrow('EADDRNOTAVAIL')
  await second.close()
})
