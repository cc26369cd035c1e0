import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Captured } from '../delivery/captured.ts'
import { createSeal } from '../security/seal.ts'
import { sqliteCaptured } from './captured.ts'
import { type Database, openDatabase } from './database.ts'

let dir: string
let database: Database
const open = (max = 200, secret = 'a secret only for tests') =>
  sqliteCaptured({ database, seal: createSeal(secret), max })

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-captured-'))
  database = openDatabase(join(dir, 'carillon.db'))
})
afterEach(async () => {
  await database.close()
  await rm(dir, { recursive: true })
})

const message = (id: string, text = id): Captured => ({
  ...{ id, at: new Date(0).toISOString(), user: 'grace', channel: 'sms', to: '+15550100' },
  ...{ text, notification: 'n' },
})

it('keeps the latest version of the newest messages across a restart', async () => {
  const captured = open(3)
  for (const id of ['a', 'b', 'c', 'd', 'b']) await captured.put(message(id))
  await captured.put({ ...message('c'), skipped: 'no_address' })
  await database.close()
  database = openDatabase(join(dir, 'carillon.db'))
  expect(open(3).list()).toEqual([message('d'), message('b'), { ...message('c'), skipped: 'no_address' }])
})

it('stores messages encrypted, so that they are unreadable with another secret', async () => {
  await open().put(message('a', 'Your code is 123456'))
  expect(open(200, 'another secret of another root').list()).toEqual([])
  const files = await Promise.all((await readdir(dir)).map((file) => readFile(join(dir, file), 'latin1')))
  expect(files.join()).toContain('captured')
  expect(files.join()).not.toContain('123456')
})
