import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDatabase } from '../sqlite/database.ts'
import { freshOwner, freshTenant, sampleItem, sampleRecord } from './contract/samples.ts'
import { contractSeal, storeContract } from './contract.ts'
import { purgeExpired } from './sqlite/purge.ts'
import { sqliteSession } from './sqlite/session.ts'
import { sqliteStore } from './sqlite.ts'

const dir = mkdtempSync(join(tmpdir(), 'carillon-store-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

storeContract('SQLite', async (place) => {
  const database = openDatabase(join(dir, `${place}.db`))
  const store = sqliteStore({ database, seal: contractSeal })
  return {
    ...store,
    close: async () => {
      await store.close()
      await database.close()
    },
  }
})

test('purging takes away what has expired, in chunks, and nothing else', async () => {
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
  database.handle.exec(`UPDATE inbox SET expires_at = 1 WHERE id IN (SELECT id FROM inbox LIMIT 1100)`)
  const [left] = await store.inbox.page(owner, { status: 'active', limit: 1 })
  await store.inbox.put([sampleItem(owner)])
  await store.inbox.remove(owner, [left?.id ?? ''])
  expect(await purgeExpired(sqliteSession(database))).toBe(1_101)
  const rows = (table: string) => database.handle.prepare(`SELECT count(*) AS rows FROM ${table}`).get()
  expect(rows('inbox')).toMatchObject({ rows: 101 })
  expect(rows('inbox_content')).toMatchObject({ rows: 100 })
  expect(await store.notifications.get(tenant, 'new')).toBeDefined()
  await store.close()
  await database.close()
})
