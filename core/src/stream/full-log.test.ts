import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notifySubject } from '@carillon/schemas'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from '../sqlite/database.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { embeddedStream } from './embedded.ts'
import { watchForFullLog } from './full-log.ts'

/** Opens a file that cannot grow until `makeRoom` is called, as on a full disk. */
const onFullDisk = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-full-'))
  const database = openDatabase(join(folder, 'test.db'))
  const own = embeddedStream({ database })
  onTestFinished(async () => {
    await own.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const log = createLog({ level: 'silent', role: 'test' })
  const lines: string[] = []
  for (const level of ['error', 'info', 'warn'] as const)
    vi.spyOn(log, level).mockImplementation(
      (_: unknown, text?: string) => void lines.push(`${level}: ${text}`),
    )
  const metrics = createMetrics()
  const clock = { now: 0 }
  const stream = watchForFullLog(own, { log, metrics, now: () => clock.now })
  const pages = (database.handle.prepare('PRAGMA page_count').get() as { page_count: number }).page_count
  database.handle.exec(`PRAGMA max_page_count = ${pages + 20}`)
  return {
    stream,
    lines,
    clock,
    makeRoom: () => database.handle.exec('PRAGMA max_page_count = 1000000'),
    full: async () => (await metrics.streamFull.get()).values[0]?.value,
  }
}

const publish = ({ stream }: Awaited<ReturnType<typeof onFullDisk>>) =>
  stream.publish([{ subject: notifySubject('acme', 'low', 'x'), data: new Uint8Array(10_000) }])

test('logs a full disk once, and its end once; no accepted message is lost', async () => {
  const disk = await onFullDisk()
  let accepted = 0
  let refused = 0
  for (let n = 0; n < 50; n++)
    await publish(disk).then(
      () => accepted++,
      ({ problem }) => {
        expect(problem).toMatchObject({ code: 'stream_full', status: 503, temporary: true })
        refused++
      },
    )
  expect(accepted).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(10)
  await expect(disk.stream.check()).rejects.toMatchObject({ problem: { code: 'stream_full' } })
  expect(await disk.full()).toBe(1)
  expect(disk.lines).toEqual(['error: the event log is full; messages are refused'])

  // Still full after a while without refusals, because the log itself attempts a write.
  disk.clock.now += 60_000
  await expect(disk.stream.check()).rejects.toMatchObject({ problem: { code: 'stream_full' } })
  disk.makeRoom()
  await disk.stream.check()
  expect(await disk.full()).toBe(0)
  expect(disk.lines).toHaveLength(2)
  expect(disk.lines[1]).toBe('info: the event log accepts messages again')
  await publish(disk)
  expect((await disk.stream.backlog()).get('notify-low')).toBe(accepted + 1)
})

test('counts as full for ten seconds after a refusal if it cannot check for space', async () => {
  const disk = await onFullDisk()
  while (
    await publish(disk).then(
      () => true,
      () => false,
    )
  );
  disk.makeRoom()
  await expect(disk.stream.check()).rejects.toMatchObject({ problem: { code: 'stream_full' } })
  disk.clock.now += 10_000
  await disk.stream.check()
  expect(disk.lines).toHaveLength(2)
})

test('is ready as soon as it accepts messages again', async () => {
  const disk = await onFullDisk()
  while (
    await publish(disk).then(
      () => true,
      () => false,
    )
  );
  disk.makeRoom()
  await publish(disk)
  await disk.stream.check()
  expect(await disk.full()).toBe(0)
})
