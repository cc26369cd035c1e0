import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'
import { createDirectory } from './file-modes.ts'

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'carillon-modes-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
/** Returns the modes of a directory and its files. */
const modes = (dir: string) =>
  Object.fromEntries(
    ['.', ...readdirSync(dir)].map((name) => [name, (statSync(join(dir, name)).mode & 0o777).toString(8)]),
  )
const OWNER_ONLY = { '.': '700', 'carillon.db': '600', 'carillon.db-shm': '600', 'carillon.db-wal': '600' }

/** Opens the database, writes to it, and returns the modes of its files while it is open. */
const opened = async (dir: string) => {
  const database = openDatabase(join(dir, 'carillon.db'))
  await database.write(() => database.handle.exec('CREATE TABLE IF NOT EXISTS t (a)'))
  const found = modes(dir)
  await database.close()
  return found
}

test.skipIf(process.platform === 'win32')(
  'files are readable by their owner only, whatever the umask and earlier modes',
  async () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const dir = join(folder(), 'data')
    expect(await opened(dir)).toEqual(OWNER_ONLY)
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644)
    chmodSync(dir, 0o755)
    expect(await opened(dir)).toEqual(OWNER_ONLY)
  },
)

test.skipIf(process.platform === 'win32')('a directory with other files keeps its mode', async () => {
  const dir = join(folder(), 'shared')
  mkdirSync(dir)
  chmodSync(dir, 0o755)
  writeFileSync(join(dir, 'notes.txt'), '')
  chmodSync(join(dir, 'notes.txt'), 0o644)
  expect(await opened(dir)).toEqual({ ...OWNER_ONLY, '.': '755', 'notes.txt': '644' })
})

test('a directory is created with its parents, or the error is thrown', () => {
  const dir = folder()
  createDirectory(join(dir, 'a', 'b'))
  createDirectory(join(dir, 'a', 'b'))
  expect(readdirSync(join(dir, 'a'))).toEqual(['b'])
  writeFileSync(join(dir, 'file'), '')
  expect(() => createDirectory(join(dir, 'file', 'c', 'd'))).toThrow(/ENOTDIR|ENOENT/)
  symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'))
  expect(() => createDirectory(join(dir, 'dangling', 'c'))).toThrow(/EEXIST|ENOENT/)
})

test.skipIf(process.platform !== 'linux')(
  'creating a directory below /proc throws instead of looping forever',
  () => {
    expect(() => createDirectory('/proc/carillon/data')).toThrow('ENOENT')
  },
)
