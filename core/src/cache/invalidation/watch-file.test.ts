import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from '../../sqlite/database.ts'
import { watchFile } from './watch-file.ts'

test('notices changes by another process, and ignores those of this process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'carillon-watch-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const file = join(dir, 'carillon.db')
  const database = openDatabase(file)
  await database.write(() => database.handle.exec('CREATE TABLE t (a)'))
  const changed = vi.fn()
  const stop = watchFile(database, changed)
  const insert = database.handle.prepare('INSERT INTO t VALUES (1)')
  for (let count = 0; count < 50; count++) await database.write(() => insert.run())
  const other = new Libsql(file)
  other.exec('INSERT INTO t VALUES (2)')
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), { timeout: 5_000 })
  stop()
  other.close()
  await database.close()
})
