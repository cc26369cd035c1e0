import { expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

test('uses embedded parts and defaults when nothing is set', () => {
  expect(readConfig({ PATH: '/bin' })).toMatchObject({
    dataDir: './.carillon',
    natsUrl: undefined,
    origins: '*',
  })
})

test('treats an empty variable as not set', () => {
  expect(readConfig({ CARILLON_NATS_URL: '' }).natsUrl).toBeUndefined()
})

test('rejects a misspelled setting by name', () => {
  expect(() => readConfig({ CARILLON_NAT_URL: 'nats://x' })).toThrow(/CARILLON_NAT_URL is not a setting/)
})

test('names everything that is invalid, without repeating values', () => {
  const read = () =>
    readConfig({ CARILLON_SECRET: 'hunter2', CARILLON_REDIS_URL: 'nats://pw@x', CARILLON_PORT: '0' })
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(/CARILLON_SECRET must be at least 32 characters/)
  expect(read).toThrow(/CARILLON_REDIS_URL must be a URL that starts with redis:/)
  expect(read).toThrow(/CARILLON_PORT/)
  expect(read).not.toThrow(/hunter2|pw@x/)
})

test('reads the tenants with their own stream as a list, and rejects invalid tenants', () => {
  expect(readConfig({}).natsOwnStreams).toEqual([])
  expect(readConfig({ CARILLON_NATS_OWN_STREAMS: 'acme, globex,acme' }).natsOwnStreams).toEqual([
    'acme',
    'globex',
  ])
  expect(() => readConfig({ CARILLON_NATS_OWN_STREAMS: 'acme.>' })).toThrow(ConfigError)
})

test('reads rates by name, with bursts, and rejects unknown names', () => {
  expect(readConfig({ CARILLON_RATES: 'email=200, user=0.5:5' }).rates).toEqual({
    email: { perSecond: 200, burst: 1 },
    user: { perSecond: 0.5, burst: 5 },
  })
  expect(() => readConfig({ CARILLON_RATES: 'mail=200' })).toThrow(/CARILLON_RATES must be a list such as/)
  expect(() => readConfig({ CARILLON_RATES: 'email=0' })).toThrow(ConfigError)
})

test('reads retry policies by channel, and rejects invalid ones', () => {
  expect(
    readConfig({ CARILLON_RETRIES: 'email=window:24h,base:5s,cap:30m; webhook=window:3d,attempts:20;' })
      .retries,
  ).toEqual({
    email: { windowMs: 86_400_000, baseMs: 5_000, capMs: 1_800_000 },
    webhook: { windowMs: 3 * 86_400_000, attempts: 20 },
  })
  expect(readConfig({}).retries).toEqual({})
  expect(readConfig({ CARILLON_RETRIES: 'sms=window:0s,fallback:0s' }).retries).toEqual({
    sms: { windowMs: 0, fallbackMs: 0 },
  })
  for (const wrong of [
    'mail=window:1h',
    'email',
    'email=',
    'email=window:1',
    'email=window:1w',
    'email=base:0s',
    'email=window:31d',
    'email=attempts:1h',
    'email=windows:1h',
  ])
    expect(() => readConfig({ CARILLON_RETRIES: wrong }), wrong).toThrow(/CARILLON_RETRIES must be a list/)
})

test('normalizes origins to the form that browsers send', () => {
  expect(readConfig({ CARILLON_ORIGINS: 'https://App.example/, http://localhost:80' }).origins).toEqual([
    'https://app.example',
    'http://localhost',
  ])
  expect(() => readConfig({ CARILLON_ORIGINS: 'app.example' })).toThrow(/CARILLON_ORIGINS must be/)
  expect(() => readConfig({ CARILLON_ORIGINS: 'https://a.example,*' })).toThrow(ConfigError)
})

test('request limits replace single defaults; the default burst is the requests of one second', () => {
  const { requestRates: defaults } = readConfig({})
  expect(defaults.key?.burst).toBeGreaterThan(0)
  expect(readConfig({ CARILLON_REQUEST_LIMITS: 'key=0.5:10,user=off,tenant=300' }).requestRates).toEqual({
    ...defaults,
    key: { perSecond: 0.5, burst: 10 },
    user: null,
    tenant: { perSecond: 300, burst: 300 },
  })
  expect(() => readConfig({ CARILLON_REQUEST_LIMITS: 'email=1' })).toThrow(/CARILLON_REQUEST_LIMITS must be/)
})

test('accepts addresses, networks and two names as trusted proxies', () => {
  expect(readConfig({}).trustedProxies).toEqual(['loopback'])
  expect(readConfig({ CARILLON_TRUSTED_PROXIES: 'private, 192.0.2.0/24' }).trustedProxies).toEqual([
    'private',
    '192.0.2.0/24',
  ])
  expect(() => readConfig({ CARILLON_TRUSTED_PROXIES: 'proxy.internal' })).toThrow(
    /must be a list of addresses/,
  )
})
