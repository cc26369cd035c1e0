import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { stampOf } from '@carillon/core/notification/stamp'
import { newTenant } from '@carillon/core/security/new-tenant'
import type { Message } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { afterEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { createAccept } from './accept.ts'

const log = createLog({ level: 'silent', role: 'test' })
let world: World
afterEach(() => world.close())

const message = (tenant: string, type: string, note: object): Message => ({
  queue: 'notify-normal',
  subject: `notify.${tenant}.normal.${type}`,
  data: new TextEncoder().encode(JSON.stringify(note)),
  sequence: 7,
  appendedAt: Date.now(),
  deliveries: 1,
})

test('confirms a refusal with the store, because the cache may be outdated', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const stale = {
    tenant: async (id: string) => (id === tenant ? newTenant(tenant) : undefined),
    type: async () => undefined,
  } as unknown as SettingsCache
  const accept = createAccept({
    store,
    cache: stale,
    unknownTypes: 'refuse',
    log,
    retentionMs: 86_400_000,
    links: { insecureLinks: 'refuse' },
  })
  const note = { to: 'ada', url: '/posts/7' }
  const codes = async (type: string) => {
    const { accepted, refused, release } = await accept([message(tenant, type, note)])
    release()
    return [accepted.length, refused.map(({ reason }) => reason.code)]
  }
  expect(await codes('late')).toEqual([0, ['type_unknown']])
  await store.types.put(tenant, { key: 'late', plan: [{ channel: 'email', when: 'always', after: 0 }] })
  expect(await codes('late')).toEqual([0, ['no_app_url']])
  await store.tenants.putSettings(tenant, { url: 'https://app.example/' })
  expect(await codes('late')).toEqual([1, []])
  const { refused } = await accept([message('nobody', 'late', note)])
  expect(refused.map(({ reason }) => reason.code)).toEqual(['tenant_unknown'])
})

test('reads each tenant and type from the store once for a batch of refused messages', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const reads: string[] = []
  const accept = createAccept({
    store: {
      notifications: store.notifications,
      tenants: {
        get: (id) => {
          reads.push(id)
          return store.tenants.get(id)
        },
      },
      contexts: store.contexts,
      types: {
        ...store.types,
        get: (id, key) => {
          reads.push(`${id}/${key}`)
          return store.types.get(id, key)
        },
      },
    },
    cache: {
      tenant: (id: string) => store.tenants.get(id),
      type: async () => undefined,
    } as unknown as SettingsCache,
    unknownTypes: 'refuse',
    log,
    retentionMs: 86_400_000,
    links: { insecureLinks: 'refuse' },
  })
  const batch = Array.from({ length: 50 }, () => message(tenant, 'none', { to: 'ada' }))
  const { refused, release } = await accept(batch)
  release()
  expect(refused).toHaveLength(50)
  expect(reads.toSorted()).toEqual([tenant, `${tenant}/none`].toSorted())
})

test('a redelivered message is judged by the version under which it was accepted', async () => {
  world = await openWorld()
  const { store, tenant, cache } = world
  await store.types.put(tenant, { key: 'bill' })
  const note = { id: 'n1', to: 'ada', deliverAt: new Date(Date.now() + 60_000).toISOString() }
  await world.send({ ...note, type: 'bill' })
  await world.quiet()
  await store.types.put(tenant, { key: 'bill', schema: { required: ['number'] } })
  const options = {
    unknownTypes: 'refuse',
    log,
    retentionMs: 86_400_000,
    links: { insecureLinks: 'refuse' },
  } as const
  const accept = createAccept({ store, cache, ...options })
  const results = async (deliveries: number, id: string) => {
    const { accepted, refused, repeated, release } = await accept([
      { ...message(tenant, 'bill', { ...note, id }), deliveries },
    ])
    release()
    return [accepted.length + repeated.length, refused.map(({ reason }) => reason.code)]
  }
  expect(await results(2, 'n1')).toEqual([1, []])
  expect(await results(1, 'n2')).toEqual([0, ['invalid_request']])
  expect(await results(2, 'n3')).toEqual([0, ['invalid_request']])
})

test('logs a type that is not defined once', async () => {
  world = await openWorld()
  const { store, tenant, cache } = world
  const warn = vi.spyOn(log, 'warn')
  const options = { retentionMs: 86_400_000, links: { insecureLinks: 'refuse' } } as const
  const accept = createAccept({ store, cache, unknownTypes: 'accept', log, ...options })
  await store.types.put(tenant, { key: 'order.shipped' })
  for (const type of ['order.shiped', 'order.shipped', 'order.shiped'])
    (await accept([message(tenant, type, { to: 'ada' })])).release()
  const logged = warn.mock.calls.map(([about]) => about)
  expect(logged).toEqual([{ tenant, type: 'order.shiped' }])
})

const OPTIONS = {
  unknownTypes: 'refuse',
  retentionMs: 86_400_000,
  links: { insecureLinks: 'refuse' },
} as const

test('a redelivered message is handled under its version although its type was deleted', async () => {
  world = await openWorld()
  const { store, tenant, cache } = world
  await store.types.put(tenant, { key: 'bill', name: 'one' })
  const deliverAt = new Date(Date.now() + 60_000).toISOString()
  await world.send({ id: 'recorded', to: 'ada', type: 'bill', deliverAt })
  await world.quiet()
  await store.types.put(tenant, { key: 'bill', name: 'two' })
  const before = Date.now() - 1
  await store.types.remove(tenant, 'bill', {})
  const accept = createAccept({ store, cache: { ...cache, type: store.types.get }, log, ...OPTIONS })
  const result = async (id: string, more: Partial<Message>) => {
    const { accepted, refused, release } = await accept([
      { ...message(tenant, 'bill', { id, to: 'ada', deliverAt }), ...more },
    ])
    release()
    return [...accepted.map(({ type }) => type?.name), ...refused.map(({ reason }) => reason.code)]
  }
  expect(await result('recorded', { deliveries: 2 })).toEqual(['one'])
  // Not recorded before the redelivery: the last version that the log can have had it under.
  expect(await result('lost', { deliveries: 2, appendedAt: before })).toEqual(['two'])
  expect(await result('new', { deliveries: 1 })).toEqual(['type_unknown'])
  expect(await result('late', { deliveries: 2, appendedAt: Date.now() + 1_000 })).toEqual(['type_unknown'])
  expect(await result('stamped', { headers: stampOf({ version: 1 }, false) })).toEqual(['one'])
})

test('outdated settings do not replace the version that the hub stamped', async () => {
  world = await openWorld()
  const { store, tenant, cache } = world
  await store.types.put(tenant, { key: 'bill', plan: [{ channel: 'email', when: 'always', after: 0 }] })
  await store.types.remove(tenant, 'bill', {})
  await store.tenants.putSettings(tenant, { url: 'https://app.example/' })
  const stale = { ...cache, tenant: async () => newTenant(tenant) }
  const accept = createAccept({ store, cache: stale, log, ...OPTIONS })
  const headers = stampOf({ version: 1 }, false)
  const note = { id: 'n1', to: 'ada', url: '/posts/7' }
  const { accepted, refused, release } = await accept([{ ...message(tenant, 'bill', note), headers }])
  release()
  expect([accepted.map(({ type }) => type?.version), refused]).toEqual([[1], []])
})
