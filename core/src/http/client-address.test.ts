import { describe, expect, test } from 'vitest'
import { createClientAddress, isNetwork } from './client-address.ts'

describe('the address of a client', () => {
  const address = createClientAddress(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

  test.each([
    ['no proxy', '198.51.100.1', undefined, '198.51.100.1'],
    ['a header from an untrusted address', '198.51.100.1', '1.1.1.1', '198.51.100.1'],
    ['one trusted proxy', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    [
      "an entry forged by the client, left of the proxy's entry",
      '10.0.0.1',
      '1.1.1.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['two trusted proxies', '10.0.0.1', '1.1.1.1, 198.51.100.1,192.0.2.7', '198.51.100.1'],
    ['trusted proxies only', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['an entry that is not an address', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['an empty header', '10.0.0.1', '', '10.0.0.1'],
    ['a dual-stack socket', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['IPv6, limited by its /64 network', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['IPv6 behind a proxy', 'fd00::1', '2001:db8::1', '2001:db8:0:0::/64'],
    ['no connection', undefined, '1.1.1.1', 'unknown'],
  ])('%s', (_, remote, forwardedFor, expected) => {
    expect(address(remote, forwardedFor)).toBe(expected)
  })

  test('one IPv6 /64 is one client, and two networks are two', () => {
    const of = (remote: string) => address(remote, undefined)
    expect(of('2001:db8:1:2::1')).toBe(of('2001:db8:1:2:ffff::9'))
    expect(of('2001:db8:1:2::1')).not.toBe(of('2001:db8:1:3::1'))
  })
})

test('networks are addresses, CIDRs and two names', () => {
  for (const entry of ['loopback', 'private', '10.0.0.0/8', '::1', 'fd00::/8', '192.0.2.1'])
    expect([entry, isNetwork(entry)]).toEqual([entry, true])
  for (const entry of ['', 'proxy.internal', '10.0.0.0/33', '10.0.0.0/8 ', '*'])
    expect([entry, isNetwork(entry)]).toEqual([entry, false])
  const address = createClientAddress(['private'])
  expect(address('127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
  expect(address('172.18.0.4', '198.51.100.1')).toBe('198.51.100.1')
  expect(() => createClientAddress(['proxy'])).toThrow('"proxy"')
})
