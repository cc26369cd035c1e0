import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import { needing } from '../rig/needs.ts'
import { locate } from '../rig/tools.ts'
import { type Accepted, unsynced } from './synced.ts'
import { systemCalls } from './system-calls.ts'

const MEMBERS = 50
const ONE_BY_ONE = 10
const AT_ONCE = 40
const BATCHES = 4
const BATCH = 10

/**
 * Every fdatasync takes 20 ms longer, so that a response which does not wait for it comes first. Strings of 8 KiB show whole
 * pages.
 */
const strace = (path: string, trace: string) => [
  ...[path, '-D', '--seccomp-bpf', '-f', '-y', '-xx', '-s', '8192', '-q', '-o', trace, '-e', 'signal=none'],
  ...['-e', 'trace=fsync,fdatasync,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg'],
  ...['-e', 'inject=fdatasync:delay_exit=20000'],
]

/** Starts `carillon dev` under strace. `trace` stops it and returns what strace wrote. */
const startTraced = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-synced-'))
  const file = join(dir, 'trace')
  const data = join(dir, 'data')
  const under = strace(locate('strace').path ?? 'strace', file)
  const settings = { CARILLON_DATA_DIR: data, CARILLON_LOG_LEVEL: 'warn' }
  const server = await startCarillon(['dev', '--no-demo'], settings, { under })
  onTestFinished(async () => {
    await server.stop()
    await rm(dir, { recursive: true })
  })
  const { apiKey } = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')) as { apiKey: string }
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const trace = async () => {
    const ended = `${server.pid} +++ exited with `
    await server.stop()
    // strace writes its last lines after that.
    return vi.waitUntil(async () => {
      const text = await readFile(file, 'latin1')
      return text.includes(ended) && text
    }, 10_000)
  }
  return { post, trace }
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)
const { title, skip } = needing('one process', 'strace')

test.skipIf(skip)(`${title}: every 202 is written after a sync of what it confirms`, async () => {
  const { post, trace } = await startTraced()
  const users = numbers(MEMBERS).map((number) => `user-${number}`)
  expect((await post('/v1/topics/all/members', { users })).status).toBe(204)

  const accepted: Accepted[] = []
  const accept = async (path: string, titles: string[], body: unknown) => {
    const { status, text } = await post(path, body)
    expect(status).toBe(202)
    const [id] = /"id":"[^"]+"/.exec(text) ?? []
    accepted.push({ stored: titles, response: id ?? '' })
  }
  const one = (title: string, to: unknown) =>
    accept('/v1/notifications', [title], { to, type: 'news', title })
  const batch = (titles: string[]) =>
    accept('/v1/notifications/batch', titles, {
      notifications: titles.map((title, at) => ({ to: `user-${at}`, type: 'news', title })),
    })

  for (const number of numbers(ONE_BY_ONE)) {
    await one(`<alone ${number}>`, `user-${number}`)
    await one(`<broadcast ${number}>`, { topic: 'all' })
  }
  await batch(numbers(BATCH).map((number) => `<batch ${number}>`))
  await Promise.all([
    ...numbers(AT_ONCE).map((number) => one(`<at once ${number}>`, `user-${number}`)),
    ...numbers(AT_ONCE).map((number) => one(`<broadcast at once ${number}>`, { topic: 'all' })),
    ...numbers(BATCHES).map((number) =>
      batch(numbers(BATCH).map((entry) => `<batch ${number} at once, ${entry}>`)),
    ),
  ])
  expect(accepted).toHaveLength(2 * ONE_BY_ONE + 1 + 2 * AT_ONCE + BATCHES)
  expect(unsynced(systemCalls(await trace()), accepted)).toEqual([])
})
