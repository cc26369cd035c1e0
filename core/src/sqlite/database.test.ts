import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from './database.ts'

test('writes in the same turn share a commit, and each gets its own result', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const results = await Promise.all([1, 2, 3].map((a) => database.write(() => insert.run(a).changes)))
  expect(results).toEqual([1, 1, 1])
  await database.close()
})

test('a failing write rejects alone, and the others are committed', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const results = await Promise.allSettled([1, 1, 2].map((a) => database.write(() => insert.run(a))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(database.handle.prepare('SELECT a FROM t ORDER BY a').all()).toEqual([{ a: 1 }, { a: 2 }])
  await database.close()
})

test('close commits waiting writes', async () => {
  const database = openDatabase(':memory:')
  database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const written = database.write(() => database.handle.prepare('INSERT INTO t VALUES (1)').run().changes)
  await database.close()
  expect(await written).toBe(1)
})

test('a reopened file contains every write, synced or committed', async () => {
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

const newFile = () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'test.db')
}
const MEGABYTE = 1_048_576
const TEXT = 'x'.repeat(10_000)

test('a write storm keeps the write-ahead log within its limit and loses nothing', async () => {
  const file = newFile()
  const database = openDatabase(file, { walBytesMax: 4 * MEGABYTE })
  await database.write(() => database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)'))
  const insert = database.handle.prepare('INSERT INTO t VALUES (?, ?)')
  const rows = 6_000
  let next = 0
  let longest = 0
  const writer = async () => {
    while (next < rows) {
      const first = next
      next += 20
      await database.write(() => {
        for (let row = first; row < first + 20; row++) insert.run(row, TEXT)
      }, 'committed')
      longest = Math.max(longest, database.walBytes())
    }
  }
  await Promise.all([writer(), writer(), writer(), writer()])
  expect(longest).toBeGreaterThan(MEGABYTE)
  expect(longest).toBeLessThanOrEqual(4 * MEGABYTE)
  expect(statSync(`${file}-wal`).size).toBeLessThanOrEqual(4 * MEGABYTE)
  expect(database.handle.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: rows })
  await database.close()
})

test('a reader in another process lets the log grow and blocks no writer; afterwards the log shrinks', async () => {
  const file = newFile()
  const database = openDatabase(file, { walBytesMax: MEGABYTE })
  await database.write(() => database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)'))
  const insert = database.handle.prepare('INSERT INTO t (b) VALUES (?)')
  const write = () =>
    database.write(() => {
      for (let row = 0; row < 20; row++) insert.run(TEXT)
    })
  const reader = new Libsql(file)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM t').get()
  while (database.walBytes() < 2 * MEGABYTE) await write()
  reader.exec('COMMIT')
  reader.close()
  await vi.waitUntil(async () => {
    await write()
    return database.walBytes() < MEGABYTE && statSync(`${file}-wal`).size <= MEGABYTE
  }, 15_000)
  await database.close()
})

test('the number of waiting writes is limited; further ones are rejected as temporary', async () => {
  const database = openDatabase(newFile(), { waitingMax: 10 })
  await database.write(() => database.handle.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)'))
  const insert = database.handle.prepare('INSERT INTO t VALUES (?)')
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, a) => database.write(() => insert.run(a))),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused.map(({ reason }) => reason.code)).toEqual(['SQLITE_BUSY', 'SQLITE_BUSY'])
  expect(database.handle.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: 10 })
  await database.close()
})
