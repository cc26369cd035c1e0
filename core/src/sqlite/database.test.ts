import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'

test('writes of one turn are committed together and each gets its own result', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const results = await Promise.all([1, 2, 3].map((a) => database.write(() => insert.run(a).changes)))
  expect(results).toEqual([1, 1, 1])
  await database.close()
})

test('a failing write rejects alone; its neighbours are kept', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const results = await Promise.allSettled([1, 1, 2].map((a) => database.write(() => insert.run(a))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(database.handle.prepare('SELECT a FROM t ORDER BY a').all()).toEqual([{ a: 1 }, { a: 2 }])
  await database.close()
})

test('closing commits what waits', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const written = database.write(() => database.handle.prepare('INSERT INTO t VALUES (1)').run().changes)
  await database.close()
  expect(await written).toBe(1)
})

test('a file has every write, however durable it was asked to be, when it is opened again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'test.db')
  const database = openDatabase(file)
  await database.write(() => database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)'))
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const order: string[] = []
  await Promise.all([
    database.write(() => insert.run(1), 'synced').then(() => order.push('synced')),
    database.write(() => insert.run(2), 'committed').then(() => order.push('committed')),
  ])
  expect(order).toEqual(['committed', 'synced'])
  await database.close()

  const again = openDatabase(file)
  expect(again.handle.prepare('SELECT a FROM t ORDER BY a').all()).toEqual([{ a: 1 }, { a: 2 }])
  await again.close()
})
