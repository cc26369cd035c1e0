import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

const MEMBERS = 500
const BROADCASTS = 120
const SENDERS = 20
const MEBIBYTE = 1_048_576
const WAL_BYTES_MAX = 64 * MEBIBYTE

let dir: string
let server: Server
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-storm-'))
  server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir, CARILLON_LOG_LEVEL: 'warn' })
})
afterEach(async () => {
  await server.stop()
  await rm(dir, { recursive: true })
})

/** Returns the peak resident memory in bytes; Linux only. */
const peakMemory = () =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1_024

test('limits the write-ahead log and the memory during broadcasts at the maximum rate', async () => {
  const { apiKey } = JSON.parse(readFileSync(join(dir, 'dev.json'), 'utf8')) as { apiKey: string }
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${server.url}${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
  const users = Array.from({ length: MEMBERS }, (_, number) => `user-${number}`)
  expect((await call('POST', '/v1/topics/all/members', { users })).status).toBe(204)

  let longest = 0
  let going = true
  const watching = (async () => {
    while (going) {
      longest = Math.max(longest, statSync(join(dir, 'carillon.db-wal')).size)
      await delay(20)
    }
  })()
  const ids: string[] = []
  const statuses = new Set<number>()
  let sent = 0
  const sender = async () => {
    while (sent++ < BROADCASTS) {
      const answer = await call('POST', '/v1/notifications', {
        to: { topic: 'all' },
        type: 'storm',
        title: 'A broadcast',
        body: 'x'.repeat(500),
      })
      statuses.add(answer.status)
      ids.push(((await answer.json()) as { id: string }).id)
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  expect([...statuses]).toEqual([202])
  for (const id of ids)
    await vi.waitUntil(
      async () => {
        const status = (await (await call('GET', `/v1/notifications/${id}`)).json()) as {
          state?: string
          recipients?: number
        }
        return status.state === 'delivered' && status.recipients === MEMBERS
      },
      { timeout: 120_000, interval: 100 },
    )
  going = false
  await watching

  expect(longest).toBeGreaterThan(WAL_BYTES_MAX / 4)
  expect(longest).toBeLessThanOrEqual(WAL_BYTES_MAX)
  const measured = /^carillon_wal_bytes (\d+)$/m.exec(await (await call('GET', '/metrics')).text())?.[1]
  expect(Number(measured)).toBeGreaterThan(0)
  expect(Number(measured)).toBeLessThanOrEqual(WAL_BYTES_MAX)
  if (process.platform === 'linux') expect(peakMemory()).toBeLessThan(600 * MEBIBYTE)
})
