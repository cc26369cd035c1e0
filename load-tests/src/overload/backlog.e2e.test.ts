import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

const MEMBERS = 500
const BROADCASTS = 400
const SENDERS = 16
/** What may be unfinished at once: far less than what is sent, because senders wait for the dispatcher. */
const UNFINISHED_MAX = 100
const WAL_BYTES_MAX = 64 * 1_048_576
/** The metrics are read after every so many responses. */
const SAMPLED = 10

let dir: string
let server: Server
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-backlog-'))
  server = await startCarillon(['dev', '--no-demo'], { CARILLON_DATA_DIR: dir, CARILLON_LOG_LEVEL: 'warn' })
})
afterEach(async () => {
  await server.stop()
  await rm(dir, { recursive: true })
})

const total = (metrics: string, name: string) =>
  Array.from(metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))).reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  )

test('the backlog and the write-ahead log stay bounded while broadcasts are accepted', async () => {
  const { apiKey } = JSON.parse(readFileSync(join(dir, 'dev.json'), 'utf8')) as { apiKey: string }
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${server.url}${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
  const users = Array.from({ length: MEMBERS }, (_, number) => `user-${number}`)
  expect((await call('POST', '/v1/topics/all/members', { users })).status).toBe(204)

  const samples: { accepted: number; unfinished: number; walBytes: number }[] = []
  const sample = async () => {
    const accepted = ids.length
    const metrics = await (await call('GET', '/metrics')).text()
    const unfinished = total(metrics, 'carillon_queue_backlog')
    samples.push({ accepted, unfinished, walBytes: total(metrics, 'carillon_wal_bytes') })
  }
  const ids: string[] = []
  let sent = 0
  const sender = async () => {
    while (sent++ < BROADCASTS) {
      const answer = await call('POST', '/v1/notifications', {
        to: { topic: 'all' },
        type: 'news',
        title: 'A broadcast',
        body: 'x'.repeat(500),
      })
      expect(answer.status).toBe(202)
      ids.push(((await answer.json()) as { id: string }).id)
      if (ids.length % SAMPLED === 0) await sample()
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  const peak = (of: 'unfinished' | 'walBytes') => Math.max(...samples.map((each) => each[of]))
  expect(samples.length).toBeGreaterThan(BROADCASTS / SAMPLED / 2)
  expect(peak('unfinished'), JSON.stringify(samples)).toBeLessThanOrEqual(UNFINISHED_MAX)
  expect(peak('walBytes')).toBeGreaterThan(0)
  expect(peak('walBytes')).toBeLessThanOrEqual(WAL_BYTES_MAX)

  for (const id of ids)
    await vi.waitUntil(
      async () => {
        const status = await (await call('GET', `/v1/notifications/${id}`)).json()
        return status.state === 'delivered' && status.recipients === MEMBERS
      },
      { timeout: 120_000, interval: 100 },
    )
})
