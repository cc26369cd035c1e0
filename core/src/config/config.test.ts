import { expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

test('nothing set means embedded, with defaults', () => {
  expect(readConfig({ PATH: '/bin' })).toMatchObject({
    dataDir: './.carillon',
    natsUrl: undefined,
    origins: '*',
  })
})

test('an empty variable counts as not set', () => {
  expect(readConfig({ CARILLON_NATS_URL: '' }).natsUrl).toBeUndefined()
})

test('a misspelt setting is refused by name', () => {
  expect(() => readConfig({ CARILLON_NAT_URL: 'nats://x' })).toThrow(/CARILLON_NAT_URL is not a setting/)
})

test('what is wrong is named, all of it, and values are not repeated', () => {
  const read = () =>
    readConfig({ CARILLON_SECRET: 'hunter2', CARILLON_REDIS_URL: 'nats://pw@x', CARILLON_PORT: '0' })
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(/CARILLON_SECRET must be at least 32 characters/)
  expect(read).toThrow(/CARILLON_REDIS_URL must be a URL that starts with redis:/)
  expect(read).toThrow(/CARILLON_PORT/)
  expect(read).not.toThrow(/hunter2|pw@x/)
})

test('rates are read per name, with bursts, and unknown names are refused', () => {
  expect(readConfig({ CARILLON_RATES: 'email=200, user=0.5:5' }).rates).toEqual({
    email: { perSecond: 200, burst: 1 },
    user: { perSecond: 0.5, burst: 5 },
  })
  expect(() => readConfig({ CARILLON_RATES: 'mail=200' })).toThrow(/CARILLON_RATES must be a list such as/)
  expect(() => readConfig({ CARILLON_RATES: 'email=0' })).toThrow(ConfigError)
})
