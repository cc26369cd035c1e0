import type { DeviceInput } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { StoredDevice } from '../ports/devices.ts'
import { freshTenant } from './samples.ts'

const fcm = (token: string): DeviceInput => ({ kind: 'fcm', token: `fcm-token-of-${token}` })

const browser = (endpoint: string): DeviceInput => ({
  kind: 'web-push',
  endpoint: `https://push.example.org/${endpoint}`,
  keys: { p256dh: 'p'.repeat(87), auth: 'a'.repeat(22) },
})

const stored = (id: string, device: DeviceInput, createdAt = 1_767_225_600_000): StoredDevice => ({
  id,
  device,
  createdAt,
})

export const devicesContract = (store: () => Store): void => {
  describe('devices', () => {
    test('are returned by user as stored, replaced by id, separately per tenant', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      const phone = stored('phone', fcm('ada'))
      const tab = stored('tab', browser('ada'))
      await devices.put(tenant, 'ada@example.org', stored('tab', browser('before')))
      await devices.put(tenant, 'ada@example.org', phone)
      await devices.put(tenant, 'ada@example.org', tab)
      await devices.put(tenant, 'ada@example.org', tab)
      await devices.put(tenant, 'bob', stored('phone', fcm('bob'), 7))
      expect(await devices.of(tenant, ['ada@example.org', 'bob', 'eve'])).toEqual(
        new Map([
          ['ada@example.org', [phone, tab]],
          ['bob', [stored('phone', fcm('bob'), 7)]],
        ]),
      )
      expect(await devices.of(freshTenant(), ['ada@example.org'])).toEqual(new Map())
      expect(await devices.of(tenant, [])).toEqual(new Map())
    })

    test('are removed by id, repeatedly', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      for (const id of ['a', 'b', 'c']) await devices.put(tenant, 'ada', stored(id, fcm(id)))
      await devices.remove(tenant, 'bob', ['a'])
      await devices.remove(freshTenant(), 'ada', ['a'])
      await devices.remove(tenant, 'ada', ['a', 'c', 'unknown'])
      await devices.remove(tenant, 'ada', ['a', 'c'])
      await devices.remove(tenant, 'ada', [])
      expect((await devices.of(tenant, ['ada'])).get('ada')).toEqual([stored('b', fcm('b'))])
      await devices.put(tenant, 'ada', stored('a', fcm('a')))
      expect((await devices.of(tenant, ['ada'])).get('ada')).toHaveLength(2)
    })

    test.each<[string, DeviceInput, DeviceInput]>([
      [
        'a browser',
        browser('x'),
        { ...browser('x'), keys: { p256dh: 'q'.repeat(87), auth: 'b'.repeat(22) } } as DeviceInput,
      ],
      ['an FCM token', fcm('x'), fcm('x')],
      [
        'an APNs token',
        { kind: 'apns', token: 'ab'.repeat(32) },
        { kind: 'apns', token: 'AB'.repeat(32), topic: 'app' },
      ],
    ])('%s registered by another user moves to that user, within its tenant', async (_, before, after) => {
      const { devices } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      await devices.put(tenant, 'ada', stored('mine', before))
      await devices.put(tenant, 'ada', stored('kept', fcm('another')))
      await devices.put(other, 'ada', stored('mine', before))
      await devices.put(tenant, 'bob', stored('his', after))
      expect(await devices.of(tenant, ['ada', 'bob'])).toEqual(
        new Map([
          ['ada', [stored('kept', fcm('another'))]],
          ['bob', [stored('his', after)]],
        ]),
      )
      await devices.put(tenant, 'bob', stored('renamed', after))
      expect((await devices.of(tenant, ['bob'])).get('bob')).toEqual([stored('renamed', after)])
      await devices.put(tenant, 'ada', stored('mine', before))
      expect(await devices.of(tenant, ['bob'])).toEqual(new Map())
      expect((await devices.of(other, ['ada'])).get('ada')).toEqual([stored('mine', before)])
    })

    test('are not removed when another device registers their former token', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      await devices.put(tenant, 'ada', stored('phone', fcm('old')))
      await devices.put(tenant, 'ada', stored('phone', fcm('new')))
      await devices.put(tenant, 'bob', stored('phone', fcm('old')))
      await devices.remove(tenant, 'bob', ['phone'])
      await devices.put(tenant, 'eve', stored('phone', fcm('old')))
      expect(await devices.of(tenant, ['ada', 'bob', 'eve'])).toEqual(
        new Map([
          ['ada', [stored('phone', fcm('new'))]],
          ['eve', [stored('phone', fcm('old'))]],
        ]),
      )
    })

    test('one of eight concurrent registrations of a token keeps it', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      const users = Array.from({ length: 8 }, (_, index) => `user-${index}`)
      await Promise.all(users.map((user) => devices.put(tenant, user, stored('phone', fcm('shared')))))
      const found = await devices.of(tenant, users)
      expect([...found.values()]).toEqual([[stored('phone', fcm('shared'))]])
    })

    test('addresses and chats can belong to several users', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      const shared: DeviceInput[] = [
        { kind: 'webhook', url: 'https://example.org/hook' },
        { kind: 'teams', url: 'https://example.org/teams' },
        { kind: 'discord', url: 'https://example.org/discord' },
        { kind: 'slack', channel: '#team' },
        { kind: 'telegram', chat: '@team' },
      ]
      const own = shared.map((device) => stored(device.kind, device))
      for (const user of ['ada', 'bob']) for (const device of own) await devices.put(tenant, user, device)
      for (const found of (await devices.of(tenant, ['ada', 'bob'])).values())
        expect(new Set(found)).toEqual(new Set(own))
    })

    test('hundreds of users are looked up at once', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      const users = Array.from({ length: 300 }, (_, index) => `user-${index}`)
      await Promise.all(users.slice(0, 250).map((user) => devices.put(tenant, user, stored('d', fcm(user)))))
      const found = await devices.of(tenant, users)
      expect(new Set(found.keys())).toEqual(new Set(users.slice(0, 250)))
      for (const [user, own] of found) expect(own).toEqual([stored('d', fcm(user))])
    })

    test('are removed with their user, without affecting other users', async () => {
      const { devices, users } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      await devices.put(tenant, 'ada', stored('phone', fcm('ada')))
      await devices.put(tenant, 'ada', stored('chat', { kind: 'slack', channel: 'U1' }))
      await devices.put(tenant, 'bob', stored('phone', fcm('bob')))
      await devices.put(other, 'ada', stored('phone', fcm('ada')))
      await users.remove(tenant, 'ada')
      await users.remove(tenant, 'ada')
      expect([...(await devices.of(tenant, ['ada', 'bob'])).keys()]).toEqual(['bob'])
      expect([...(await devices.of(other, ['ada'])).keys()]).toEqual(['ada'])
      await devices.put(tenant, 'ada', stored('phone', fcm('ada')))
      expect([...(await devices.of(tenant, ['ada'])).keys()]).toEqual(['ada'])
    })
  })
}
