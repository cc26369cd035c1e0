import { expect, onTestFinished, test } from 'vitest'
import { newTenant } from '../../security/new-tenant.ts'
import { openDatabase } from '../../sqlite/database.ts'
import { contractSeal } from '../../store/contract/store.ts'
import { sqliteStore } from '../../store/sqlite.ts'
import { createSettingsCache } from '../settings-cache.ts'
import { announced } from './announced.ts'
import { inProcessInvalidations } from './in-process.ts'
import type { Changes } from './port.ts'

const open = async () => {
  const database = openDatabase(':memory:')
  const invalidations = inProcessInvalidations()
  const bare = sqliteStore({ database, seal: contractSeal, retention: 86_400_000 })
  await bare.migrate()
  onTestFinished(async () => {
    await bare.close()
    await database.close()
  })
  const heard: Changes[] = []
  invalidations.subscribe((changes) => heard.push(changes))
  const store = announced(bare, invalidations)
  return { store, bare, heard, cache: createSettingsCache(store, invalidations) }
}

test('every cached value is current when its write resolves', async () => {
  const { store, cache } = await open()
  const key = { id: 'k', tenant: 'acme', name: '', hash: '', scopes: [], createdAt: '', revokedAt: null }
  const account = { id: 'a', provider: 'smtp', channels: [], order: 1, config: {} }
  const read = async () => [
    (await cache.tenant('acme'))?.settings,
    (await cache.apiKey('acme', 'k'))?.revokedAt,
    (await cache.type('acme', 't'))?.priority,
    (await cache.accounts('acme')).map(({ order }) => order),
  ]
  expect(await read()).toEqual([undefined, undefined, undefined, []])
  await store.tenants.put(newTenant('acme'))
  await store.tenants.putKey(key)
  await store.types.put('acme', { key: 't', priority: 'low' })
  await store.accounts.put('acme', account)
  expect(await read()).toEqual([{}, null, 'low', [1]])
  await store.tenants.putSettings('acme', { url: 'https://app.example/' })
  await store.tenants.putKey({ ...key, revokedAt: 'now' })
  await store.types.put('acme', { key: 't', priority: 'high' })
  await store.accounts.put('acme', { ...account, order: 2 })
  expect(await read()).toEqual([{ url: 'https://app.example/' }, 'now', 'high', [2]])
  await store.accounts.remove('acme', 'a')
  expect(await cache.accounts('acme')).toEqual([])
})

test('publishes an erasure, which takes effect, but not a put of a user, which is not cached', async () => {
  const { store, heard, cache } = await open()
  expect(await cache.erasure('acme', 'ada')).toBeUndefined()
  await store.users.put('acme', { id: 'ada', profile: {} })
  expect(heard).toEqual([])
  const erasedAt = await store.users.remove('acme', 'ada')
  expect(heard).toEqual([
    [
      { kind: 'erasure', tenant: 'acme', id: 'ada' },
      { kind: 'preferences', tenant: 'acme', id: 'ada' },
    ],
  ])
  expect(await cache.erasure('acme', 'ada')).toEqual({ erasedAt })
})

test('changed preferences take effect at once', async () => {
  const { store, cache } = await open()
  const off = { changes: [{ path: '/channels/sms', value: false }], via: 'app', by: 'ada' } as const
  expect(await cache.preferences('acme', ['ada', 'bob'])).toEqual(new Map())
  await store.preferences.change('acme', 'ada', off)
  expect(await cache.preferences('acme', ['ada', 'bob'])).toEqual(
    new Map([['ada', new Map([['', { channels: { sms: false } }]])]]),
  )
  await store.users.remove('acme', 'ada')
  expect(await cache.preferences('acme', ['ada'])).toEqual(new Map())
})

test('a rejected write publishes an invalidation, because it may have been applied', async () => {
  const { bare, heard } = await open()
  const failing = {
    ...bare,
    types: { ...bare.types, put: () => Promise.reject(new Error('no answer')) },
  }
  const invalidations = inProcessInvalidations()
  invalidations.subscribe((changes) => heard.push(changes))
  await expect(announced(failing, invalidations).types.put('acme', { key: 't' })).rejects.toThrow('no answer')
  expect(heard).toEqual([[{ kind: 'type', tenant: 'acme', id: 't' }]])
})
