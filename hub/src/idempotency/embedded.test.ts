import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { expect, test } from 'vitest'
import { idempotencyContract } from './contract/idempotency.ts'
import { embeddedIdempotency } from './embedded.ts'
import { KEY_RETENTION_MS } from './port.ts'

idempotencyContract('embedded idempotency', async (now) => {
  const root = mkdtempSync(join(tmpdir(), 'carillon-idempotency-'))
  const databases: Database[] = []
  const start = (folder: string) => {
    const database = openDatabase(join(root, folder, 'test.db'))
    databases.push(database)
    return { database, idempotency: embeddedIdempotency({ database, now }) }
  }
  const { database, idempotency } = start('before')
  return {
    idempotency,
    other: async () => idempotency,
    restart: async () => {
      // What `kill -9` leaves: the file and its log in their current state.
      cpSync(join(root, 'before'), join(root, 'after'), { recursive: true })
      return start('after').idempotency
    },
    down: () => database.close(),
    end: async () => {
      for (const each of databases) await each.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
})

test('forgets keys after their retention', async () => {
  const database = openDatabase(':memory:')
  let clock = Date.now()
  const idempotency = embeddedIdempotency({ database, now: () => clock })
  for (const key of ['a', 'b']) {
    await idempotency.claim(key, 'body', () => key)
    await idempotency.finish(key, { status: 202, body: null })
  }
  clock += KEY_RETENTION_MS
  expect(await idempotency.claim('a', 'other', () => 'new')).toEqual({ outcome: 'first', id: 'new' })
  const rows = database.handle.prepare('SELECT key FROM idempotency_keys').all()
  expect(rows).toEqual([{ key: 'a' }])
  await database.close()
})

test('forgets ids after their retention, and the oldest when there are too many', async () => {
  const database = openDatabase(':memory:')
  let clock = Date.now()
  const { register } = embeddedIdempotency({ database, idsMax: 3, now: () => clock })
  const use = (key: string, fingerprint: string) => ({ key, fingerprint })
  const kept = () => database.handle.prepare('SELECT key FROM idempotency_ids ORDER BY place').pluck().all()
  for (const key of ['a', 'b', 'c', 'd', 'e']) await register([use(key, 'first')])
  expect(kept()).toEqual(['b', 'c', 'd', 'e'])
  expect(await register([use('a', 'other')])).toEqual(['other'])
  clock += KEY_RETENTION_MS
  expect(await register([use('e', 'other'), use('e', 'third')])).toEqual(['other', 'other'])
  await database.close()
})
