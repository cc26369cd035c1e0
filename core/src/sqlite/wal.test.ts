import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openWal } from './wal.ts'

const BYTES_MAX = 1_048_576
/** Long enough for a busy machine. */
const SOON = { timeout: 15_000 }

/** Opens a file in WAL mode without checkpoints; `commit` adds to its log. */
const open = () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-wal-'))
  const path = join(folder, 'test.db')
  const handle = new Libsql(path)
  onTestFinished(() => {
    handle.close()
    rmSync(folder, { recursive: true, force: true })
  })
  handle.exec('PRAGMA journal_mode = WAL')
  handle.exec('PRAGMA wal_autocheckpoint = 0')
  handle.exec('CREATE TABLE t (a TEXT)')
  const insert = handle.prepare('INSERT INTO t VALUES (?)')
  return { path, handle, commit: () => insert.run('x'.repeat(100_000)) }
}

test('reports the length of the log, not of the file', () => {
  const { path, handle, commit } = open()
  const wal = openWal(path, { bytesMax: BYTES_MAX, checkpoint: { run: async () => {}, close: () => {} } })
  onTestFinished(() => wal.close())
  const frames = () => (handle.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }).log
  const measured = () => {
    wal.wrote()
    return (wal.bytes() - 32) / 4_120
  }
  for (let round = 0; round < 3; round++) {
    commit()
    expect(measured()).toBe(frames())
    for (const _ of [1, 2, 3]) {
      commit()
      measured()
    }
    expect(measured()).toBe(frames())
  }
})

test("rejects writes with the checkpoint's error while the log is full, and accepts them afterwards", async () => {
  const { path, handle, commit } = open()
  const failure = Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' })
  let works = false
  const run = async () => {
    if (!works) throw failure
    handle.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }
  const wal = openWal(path, { bytesMax: BYTES_MAX, checkpoint: { run, close: () => {} } })
  onTestFinished(() => wal.close())
  const fill = () => {
    while (wal.bytes() < BYTES_MAX) {
      commit()
      wal.wrote()
    }
  }
  fill()
  await vi.waitUntil(() => wal.refusal() === failure, SOON)
  expect(wal.held()).toBeUndefined()
  works = true
  await vi.waitUntil(() => wal.refusal() === undefined, SOON)
  commit()
  wal.wrote()
  expect(wal.bytes()).toBeLessThan(BYTES_MAX / 2)
})

test('blocks writers while a full log is checkpointed', async () => {
  const { path, handle, commit } = open()
  let finish = () => {}
  const run = async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    handle.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }
  const wal = openWal(path, { bytesMax: BYTES_MAX, checkpoint: { run, close: () => {} } })
  onTestFinished(() => wal.close())
  while (wal.held() === undefined) {
    commit()
    wal.wrote()
  }
  expect(wal.bytes()).toBeLessThan(BYTES_MAX)
  const first = finish
  first()
  await vi.waitUntil(() => finish !== first, SOON)
  finish()
  await wal.held()
  commit()
  wal.wrote()
  expect(wal.bytes()).toBeLessThan(BYTES_MAX / 2)
})
