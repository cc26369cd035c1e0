import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDatabase } from '../sqlite/database.ts'
import { freshOwner, freshTenant, RETENTION, sampleItem, sampleRecord } from './contract/samples.ts'
import { contractSeal, storeContract } from './contract/store.ts'
import { createPurge } from './sqlite/purge.ts'
import { sqliteSession } from './sqlite/session.ts'
import { sqliteStore } from './sqlite.ts'

const dir = mkdtempSync(join(tmpdir(), 'carillon-store-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const fileOf = (place: string) => join(dir, `${place}.db`)

storeContract(
  'SQLite',
  async (place, seal = contractSeal) => {
    const database = openDatabase(fileOf(place), { seal })
    const store = sqliteStore({ database, seal, retention: RETENTION })
    return {
      ...store,
      close: async () => {
        await store.close()
        await database.close()
      },
    }
  },
  async (place) =>
    [fileOf(place), `${fileOf(place)}-wal`]
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'latin1'))
      .join('\n'),
)

test('a purge removes only expired rows, in chunks', async () => {
  const database = openDatabase(':memory:')
  const store = sqliteStore({ database, seal: contractSeal, retention: 1_000 })
  await store.migrate()
  const owner = freshOwner()
  const tenant = freshTenant()
  await store.inbox.put(
    Array.from({ length: 1_200 }, () => sampleItem(owner, { expiresAt: Date.now() + 60_000 })),
  )
  await store.notifications.put([
    sampleRecord(tenant, 'old', { acceptedAt: Date.now() - 5_000 }),
    sampleRecord(tenant, 'new'),
  ])
  const delivery = { notification: 'n', step: 0, channel: 'email', device: '', toAudience: false } as const
  const users = Array.from({ length: 600 }, (_, index) => `user-${index}`)
  await store.deliveries.record(
    tenant,
    users.map((user) => ({ ...delivery, user, state: 'sent', at: 1 })),
  )
  await store.expiringKeys.put(tenant, [{ key: 'short', value: '' }], -1)
  await store.expiringKeys.acquire(tenant, [{ key: 'short', value: '', at: 0 }], -1)
  await store.expiringKeys.put(tenant, [{ key: 'long', value: '' }], 60_000)
  database.handle.exec(`UPDATE deliveries SET expires_at = 1 WHERE user <> 'user-0'`)
  database.handle.exec(`UPDATE inbox SET expires_at = 1 WHERE id IN (SELECT id FROM inbox LIMIT 1100)`)
  const [left] = (await store.inbox.page(owner, { status: 'active', limit: 1 })).items
  await store.inbox.put([sampleItem(owner)])
  await store.inbox.remove(owner, [left?.id ?? ''])
  expect(await createPurge(sqliteSession(database))()).toBe(1_101 + 599 + 2)
  const rows = (table: string) => database.handle.prepare(`SELECT count(*) AS rows FROM ${table}`).get()
  expect(rows('inbox')).toMatchObject({ rows: 101 })
  expect(rows('inbox_content')).toMatchObject({ rows: 100 })
  expect(rows('deliveries')).toMatchObject({ rows: 1 })
  expect(rows('expiring_keys')).toMatchObject({ rows: 1 })
  expect(await store.notifications.get(tenant, 'new')).toBeDefined()
  await store.close()
  await database.close()
})

test('an erasure overwrites the removed data in the file, and stores no id', async () => {
  const file = fileOf('erasure')
  const database = openDatabase(file)
  const store = sqliteStore({ database, seal: contractSeal, retention: RETENTION })
  await store.migrate()
  const tenant = freshTenant()
  const owner = freshOwner()
  const erased = Array.from({ length: 3 }, (_, index) => `quentin-${index}@example.org`)
  for (const user of erased) {
    await store.users.put(tenant, { id: user, profile: { name: `Quentin ${user}` } })
    await store.topics.add(tenant, 'team', [user])
    await store.devices.put(tenant, user, { id: 'd', createdAt: 1, device: { kind: 'fcm', token: user } })
    await store.inbox.put([
      { ...sampleItem(owner, { title: `To ${user}` }), tenant, user: `item-of-${owner.user}` },
    ])
  }
  const text = () => {
    database.handle.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return readFileSync(file, 'latin1')
  }
  expect(text()).toContain('Quentin')
  for (const user of [...erased, `item-of-${owner.user}`]) await store.users.remove(tenant, user)
  expect(text()).not.toMatch(/quentin/i)
  expect((await store.users.erased(tenant, erased)).size).toBe(3)
  await store.close()
  await database.close()
})
