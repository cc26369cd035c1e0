import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { needing } from '../rig/needs.ts'
import { need } from '../rig/tools.ts'
import { durableAt } from './power-failure.ts'
import { type Accepted, answerWith, unsynced } from './synced.ts'
import { type SystemCall, systemCalls } from './system-calls.ts'

const MEMBERS = 20
const ONE_BY_ONE = 10
const AT_ONCE = 40
const BATCHES = 4
const BATCH = 10
const POWER_FAILURES = 4

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)
const USERS = numbers(MEMBERS).map((number) => `user-${number}`)

/** What was accepted, and the items that it has to become: title → users. */
type Sent = Accepted & { items: Map<string, string[]> }

/**
 * Every fdatasync takes 20 ms longer, so that a response which does not wait for it comes first. Strings of 8 KiB show whole
 * pages.
 */
const strace = (trace: string) => [
  ...[need('strace'), '-D', '--seccomp-bpf', '-f', '-y', '-xx', '-s', '8192', '-q', '-o', trace],
  ...['-e', 'signal=none', '-e', 'inject=fdatasync:delay_exit=20000'],
  ...['-e', 'trace=fsync,fdatasync,pwrite64,ftruncate,unlink,write,writev'],
]

const client = (server: Server, data: string) => {
  const { apiKey } = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')) as { apiKey: string }
  return async (
    method: string,
    path: string,
    { body, token = apiKey }: { body?: unknown; token?: string },
  ) => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    return { status: answer.status, text: await answer.text() }
  }
}
type Call = ReturnType<typeof client>

/** Sends notifications in every way, one after another and at once. */
const sendAll = async (call: Call): Promise<Sent[]> => {
  const sent: Sent[] = []
  const send = async (path: string, body: unknown, items: Sent['items']) => {
    const { status, text } = await call('POST', path, { body })
    expect(status).toBe(202)
    const [id = ''] = /"id":"[^"]+"/.exec(text) ?? []
    sent.push({ stored: [...items.keys()], response: id, items })
  }
  const one = (title: string, user: string) =>
    send('/v1/notifications', { to: user, type: 'news', title }, new Map([[title, [user]]]))
  const broadcast = (title: string) =>
    send('/v1/notifications', { to: { topic: 'all' }, type: 'news', title }, new Map([[title, USERS]]))
  const batch = (titles: string[]) => {
    const items = new Map(titles.map((title, at) => [title, [USERS[at]!]]))
    const notifications = Array.from(items, ([title, [to]]) => ({ to, type: 'news', title }))
    return send('/v1/notifications/batch', { notifications }, items)
  }

  expect((await call('POST', '/v1/topics/all/members', { body: { users: USERS } })).status).toBe(204)
  for (const number of numbers(ONE_BY_ONE)) {
    await one(`<alone ${number}>`, USERS[number]!)
    await broadcast(`<broadcast ${number}>`)
  }
  await batch(numbers(BATCH).map((entry) => `<batch ${entry}>`))
  await Promise.all([
    ...numbers(AT_ONCE).map((number) => one(`<at once ${number}>`, USERS[number % MEMBERS]!)),
    ...numbers(AT_ONCE).map((number) => broadcast(`<broadcast at once ${number}>`)),
    ...numbers(BATCHES).map((number) =>
      batch(numbers(BATCH).map((entry) => `<batch ${number} at once, ${entry}>`)),
    ),
  ])
  return sent
}

/** Returns the titles in the inbox of a user. */
const titlesOf = async (call: Call, user: string): Promise<Set<string>> => {
  const { token } = JSON.parse((await call('POST', `/v1/users/${user}/token`, {})).text) as { token: string }
  const titles = new Set<string>()
  let before = ''
  for (;;) {
    const { text } = await call('GET', `/v1/inbox?flat=true&limit=100${before}`, { token })
    const { items, next } = JSON.parse(text) as { items: { title: string }[]; next: string | null }
    for (const { title } of items) titles.add(title)
    if (next === null) return titles
    before = `&before=${encodeURIComponent(next)}`
  }
}

const missingItems = async (call: Call, sent: readonly Sent[]) => {
  const inboxes = new Map(
    await Promise.all(USERS.map(async (user) => [user, await titlesOf(call, user)] as const)),
  )
  return sent.flatMap(({ items }) =>
    Array.from(items).flatMap(([title, users]) =>
      users.filter((user) => !inboxes.get(user)?.has(title)).map((user) => `${title} of ${user}`),
    ),
  )
}

const { title, skip } = needing('one process', 'strace')

describe.skipIf(skip)(title, () => {
  let dir: string
  let data: string
  let sent: Sent[]
  let calls: SystemCall[]

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'carillon-synced-'))
    data = join(dir, 'data')
    const trace = join(dir, 'trace')
    const settings = { CARILLON_DATA_DIR: data, CARILLON_LOG_LEVEL: 'warn' }
    const server = await startCarillon(['dev', '--no-demo'], settings, { under: strace(trace) })
    const ended = new RegExp(`^${server.pid} +\\+\\+\\+ `, 'm')
    try {
      sent = await sendAll(client(server, data))
    } finally {
      await server.stop()
    }
    // strace writes its last lines after that.
    const text = await vi.waitUntil(async () => {
      const text = await readFile(trace, 'latin1')
      return ended.test(text) && text
    }, 10_000)
    calls = systemCalls(text)
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('writes every 202 after a sync of what it confirms', () => {
    expect(sent).toHaveLength(2 * ONE_BY_ONE + 1 + 2 * AT_ONCE + BATCHES)
    expect(unsynced(calls, sent)).toEqual([])
  })

  test('delivers everything that was answered with 202 before the power failed', async () => {
    const answered = sent
      .map((each) => ({ ...each, line: answerWith(calls, each.response)?.begun ?? 0 }))
      .sort((a, b) => a.line - b.line)
    for (const failure of numbers(POWER_FAILURES)) {
      const count = Math.ceil((answered.length * (failure + 1)) / POWER_FAILURES)
      const line = answered[count - 1]!.line
      const copy = join(dir, `failure-${failure}`)
      mkdirSync(copy)
      copyFileSync(join(data, 'dev.json'), join(copy, 'dev.json'))
      for (const name of ['carillon.db', 'carillon.db-wal'])
        writeFileSync(join(copy, name), durableAt(calls, join(data, name), line))
      const server = await startCarillon(['dev', '--no-demo'], {
        CARILLON_DATA_DIR: copy,
        CARILLON_LOG_LEVEL: 'warn',
      })
      try {
        const call = client(server, copy)
        await expect.poll(() => missingItems(call, answered.slice(0, count)), { timeout: 20_000 }).toEqual([])
      } finally {
        await server.stop()
      }
    }
  })
})
