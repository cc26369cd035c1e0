import type { Channel, DeviceInput } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { StoredDevice } from '../store/ports/devices.ts'
import { destinationsOf, type ServingAccount, webhookUrl } from './destinations.ts'
import type { Address } from './provider.ts'

const account = (
  name: string,
  needs: Address['kind'],
  config: Record<string, string> = {},
): ServingAccount => ({
  account: { id: name, provider: name, channels: [], order: 1, config },
  provider: { name, needs: () => needs },
})
const device = (id: string, kind: DeviceInput): StoredDevice => ({ id, device: kind, createdAt: 0 })
const phone = device('phone', { kind: 'fcm', token: 'a-token' })
const browser = device('browser', {
  ...{ kind: 'web-push', endpoint: 'https://push.example/1' },
  ...{ keys: { p256dh: 'p', auth: 'a' } },
} as DeviceInput)
const hook = device('hook', { kind: 'webhook', url: 'https://ada.example/hook' } as DeviceInput)
const profile = { email: 'ada@example.org', phone: '+351911111111' }

/** Returns the destinations, and the candidates for each. */
const found = (
  channel: Channel,
  accounts: ServingAccount[],
  person: Partial<Parameters<typeof destinationsOf>[2]> = {},
) =>
  destinationsOf(channel, accounts, { profile: {}, devices: [], ...person }).map(
    ({ destination, candidates }) =>
      `${destination}: ${candidates.map(({ account, address }) => `${account.account.id} ${address.kind}`).join(', ')}`,
  )

describe('the destinations', () => {
  test('of a channel with addresses are the address in the profile, with every account that accepts it, in order', () => {
    const accounts = [account('smtp', 'email'), account('ses', 'email')]
    expect(found('email', accounts, { profile })).toEqual([': smtp email, ses email'])
    expect(found('email', accounts)).toEqual([])
    expect(found('sms', [account('twilio', 'phone')], { profile })).toEqual([': twilio phone'])
  })

  test('of push are the devices, each with the provider of its kind', () => {
    const accounts = [account('web-push', 'device'), account('fcm', 'device')]
    expect(found('push', accounts, { devices: [phone, browser, hook] })).toEqual([
      'browser: web-push device',
      'phone: fcm device',
    ])
  })

  test('of a webhook are the URLs that the user registered, or else the URL of the account', () => {
    const accounts = [account('webhook', 'account', { url: 'https://crm.example/hook' })]
    expect(found('webhook', accounts)).toEqual([': webhook account'])
    expect(found('webhook', accounts, { devices: [hook] })).toEqual(['hook: webhook device'])
  })

  test('without an account are captured in development, if there is an address', () => {
    const capture = account('capture', 'email')
    expect(found('email', [capture], { profile })).toEqual([': capture email'])
    expect(found('sms', [capture], { profile })).toEqual([': capture phone'])
    expect(found('email', [account('smtp', 'email'), capture], { profile })).toEqual([': smtp email'])
    expect(found('email', [capture])).toEqual([])
    expect(found('push', [account('web-push', 'device'), capture], { devices: [phone, browser] })).toEqual([
      'browser: web-push device',
      'phone: capture device',
    ])
    expect(found('slack', [capture])).toEqual([': capture account'])
    expect(found('telegram', [capture])).toEqual([])
  })
})

test("a webhook goes to the user's own URL, or the account's", () => {
  const to = account('webhook', 'account', { url: 'https://crm.example/hook' })
  expect(webhookUrl('webhook', { account: to, address: { kind: 'account' } })).toBe(
    'https://crm.example/hook',
  )
  expect(webhookUrl('webhook', { account: to, address: { kind: 'device', ...hook } })).toBe(
    'https://ada.example/hook',
  )
  expect(webhookUrl('slack', { account: to, address: { kind: 'account' } })).toBeUndefined()
})
