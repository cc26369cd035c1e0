import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import { SetupError } from '../errors.ts'
import { LAYOUT } from '../installation/layout.ts'
import { NAMESPACE } from '../installation/namespace.ts'
import { createSeal } from '../security/seal.ts'
import { openDatabase } from './database.ts'
import { writeLayout1 } from './testing/layout-1.ts'

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'carillon-layout-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
/** Copies the files that a `kill -9` would leave. */
const copyAll = (from: string, to: string) => {
  for (const name of readdirSync(from)) writeFileSync(join(to, name), readFileSync(join(from, name)))
}
/** Returns every file with its content. */
const contents = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name)).toString('hex')]))

const refusal = (path: string) => {
  try {
    void openDatabase(path).close()
  } catch (error) {
    return error
  }
  return undefined
}

test('a new file gets its own namespace and keeps it', async () => {
  const file = join(folder(), 'new', 'carillon.db')
  const first = openDatabase(file)
  const other = openDatabase(file)
  expect(first.namespace).toMatch(NAMESPACE)
  expect(other.namespace).toBe(first.namespace)
  await other.close()
  await first.close()
  const again = openDatabase(file, { namespace: first.namespace })
  expect(again.namespace).toBe(first.namespace)
  await again.close()
  expect(() => openDatabase(file, { namespace: 'another' })).toThrow(
    /belongs to the installation \w+, and this process runs the installation another: unset CARILLON_NAMESPACE/,
  )
  const chosen = openDatabase(join(folder(), 'carillon.db'), { namespace: 'chosen' })
  expect(chosen.namespace).toBe('chosen')
  await chosen.close()
})

test('a file that was written with another secret is rejected', async () => {
  const file = join(folder(), 'carillon.db')
  const seal = createSeal('x'.repeat(32))
  await openDatabase(file, { seal }).close()
  await openDatabase(file, { seal: createSeal('x'.repeat(32)) }).close()
  await openDatabase(file).close()
  expect(() => openDatabase(file, { seal: createSeal('y'.repeat(32)) })).toThrow(
    new RegExp(
      `^the data file ${file} was written with another secret: set CARILLON_SECRET to the secret that the`,
    ),
  )
})

test('the layout is recorded even if the process was killed before the first checkpoint', async () => {
  const dir = folder()
  const database = openDatabase(join(dir, 'carillon.db'))
  database.handle.exec('CREATE TABLE t (a)')
  const copy = folder()
  copyAll(dir, copy)
  await database.close()
  const again = openDatabase(join(copy, 'carillon.db'))
  expect(again.namespace).toBe(database.namespace)
  expect(again.handle.prepare('SELECT * FROM t').all()).toEqual([])
  await again.close()
})

test('a file of an older layout is rejected, and its directory is unchanged', () => {
  const [closed, killed] = [folder(), folder()]
  writeLayout1(join(closed, 'carillon.db'), () => copyAll(closed, killed))
  expect(readdirSync(killed)).toContain('carillon.db-wal')

  for (const dir of [closed, killed]) {
    const before = contents(dir)
    const error = refusal(join(dir, 'carillon.db'))
    expect(error).toBeInstanceOf(SetupError)
    expect(String(error)).toMatch(/older Carillon .*cannot be converted.* Move its directory away, or choose/)
    expect(contents(dir)).toEqual(before)
  }
})

test('a file of a newer layout, or of another program, is rejected', async () => {
  const dir = folder()
  const newer = openDatabase(join(dir, 'newer.db'))
  newer.handle.exec(`PRAGMA user_version = ${LAYOUT + 1}`)
  newer.handle.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  await newer.close()
  const foreign = new Libsql(join(dir, 'foreign.db'))
  foreign.exec(`CREATE TABLE t (a); PRAGMA user_version = ${LAYOUT}`)
  foreign.close()
  writeFileSync(join(dir, 'text.db'), 'not a database')
  const before = contents(dir)
  expect(String(refusal(join(dir, 'newer.db')))).toMatch(/newer Carillon .*run that version/)
  expect(String(refusal(join(dir, 'foreign.db')))).toMatch(/another program/)
  expect(String(refusal(join(dir, 'text.db')))).toMatch(/another program/)
  expect(contents(dir)).toEqual(before)
})
