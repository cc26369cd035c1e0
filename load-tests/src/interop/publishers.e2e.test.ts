import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@carillon/client'
import type {} from '@carillon/core/testing/provided'
import type { InboxItem } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { clusterEnvironment } from '../consistency/cluster.ts'
import { embeddedEnvironment } from '../consistency/embedded.ts'
import type { Environment } from '../consistency/environment.ts'
import { type AddedTenant, addTenant } from '../consistency/tenants.ts'
import { needing } from '../rig/needs.ts'

const run = promisify(execFile)
const PUBLISH = fileURLToPath(new URL('publish.py', import.meta.url))
const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0

/** Connects a client and records its notifications. */
const watching = async (environment: Environment, tenant: AddedTenant, user: string) => {
  const client = createClient({ url: environment.hubs[0] ?? '', token: await tenant.token(user) })
  onTestFinished(() => client.close())
  const feed = client.feed()
  const heard: InboxItem[] = []
  client.on('notification', (item) => heard.push(item))
  feed.subscribe(() => {})
  await vi.waitUntil(() => client.connection === 'live' && feed.getSnapshot().status === 'ready', 20_000)
  return { feed, heard }
}

const { title, skip } = needing('a cluster', 'nats', 'redis', 'java', 'cassandra')
const python = runs('python3', '-c', 'import nats')

describe.skipIf(skip || !python)(
  python ? title : `${title} (skipped: python3 has no nats-py; install it with: pip install nats-py)`,
  () => {
    let environment: Environment
    let tenant: AddedTenant
    beforeAll(async () => {
      environment = await clusterEnvironment(inject('cassandra'))
      tenant = await environment.inspect(({ store }) => addTenant(store, ['order.shipped']))
    })
    afterAll(() => environment?.close())

    test('accepts plain JSON and CloudEvents from a Python program', async () => {
      const { feed, heard } = await watching(environment, tenant, 'ada')
      const { stdout } = await run('python3', [PUBLISH, environment.natsUrl ?? '', tenant.id, 'ada'])
      const acks = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(acks.map(({ name }) => name)).toEqual(['plain', 'plain', 'event', 'event', 'binary', 'binary'])
      await vi.waitUntil(() => heard.length >= 3, 20_000)
      const [plain, event, binary] = ['normal', 'high', 'low'].map((urgency) =>
        heard.find(({ priority }) => priority === urgency),
      )
      expect(plain).toMatchObject({
        title: 'Plain from Python: olá, 你好 🔔',
        type: 'order.shipped',
        priority: 'normal',
        data: { deep: { list: [1, null, 'x'] } },
      })
      expect(event).toMatchObject({ title: 'A CloudEvent from Python', priority: 'high', tags: ['shop'] })
      expect(binary).toMatchObject({ title: 'A binary CloudEvent from Python' })
      const { items: stored } = await environment.inspect(({ store }) =>
        store.inbox.page({ tenant: tenant.id, user: 'ada' }, { status: 'active', limit: 10 }),
      )
      expect(stored.map(({ id }) => id).sort()).toEqual(heard.map(({ id }) => id).sort())
      expect(feed.getSnapshot().counts).toEqual({ unread: 3, unseen: 3 })
      expect(
        await environment.inspect(({ stream }) => stream.deadLetters({ tenant: tenant.id, limit: 10 })),
      ).toEqual([])
    })
  },
)

const curl = runs('curl', '--version')

describe.skipIf(!curl)(curl ? 'one process' : 'one process (skipped: curl is not installed)', () => {
  let environment: Environment
  let tenant: AddedTenant
  beforeAll(async () => {
    environment = await embeddedEnvironment()
    tenant = await environment.inspect(({ store }) => addTenant(store, ['order.shipped']))
    await environment.start()
  })
  afterAll(() => environment?.close())

  const post = async (body: string, key = tenant.apiKey) => {
    const { stdout } = await run('curl', [
      ...['-sS', '-w', '\n%{http_code}', `${environment.hubs[0]}/v1/notifications`],
      ...['-H', `authorization: Bearer ${key}`, '-H', 'content-type: application/json', '-d', body],
    ])
    const [answer = '', status] = stdout.split('\n')
    return { status: Number(status), answer: JSON.parse(answer) }
  }

  test('accepts a notification from curl and rejects invalid ones', async () => {
    const { feed, heard } = await watching(environment, tenant, 'ada')
    const good = '{"to":"ada","type":"order.shipped","title":"From curl","id":"curl-1"}'
    expect(await post(good)).toEqual({ status: 202, answer: { id: 'curl-1' } })
    expect(await post(good)).toEqual({ status: 202, answer: { id: 'curl-1' } })
    expect(await post('{"to":"ada","type":')).toMatchObject({
      status: 400,
      answer: { code: 'malformed_json' },
    })
    expect(await post('{"to":"ada\\u0000","type":"order.shipped"}')).toMatchObject({
      status: 422,
      answer: {
        code: 'invalid_request',
        errors: expect.arrayContaining([expect.objectContaining({ pointer: '/to' })]),
      },
    })
    expect(await post('{"to":"ada","type":"no.such"}')).toMatchObject({ answer: { code: 'type_unknown' } })
    expect(await post(good, 'ck_demo.x.y')).toMatchObject({
      status: 401,
      answer: { code: 'unauthenticated' },
    })
    await vi.waitUntil(() => heard.length > 0, 20_000)
    const last = '{"to":"ada","type":"order.shipped","title":"Last","id":"curl-2"}'
    expect(await post(last)).toMatchObject({ status: 202 })
    await vi.waitUntil(() => heard.length > 1, 20_000)
    expect(heard.map(({ title }) => title)).toEqual(['From curl', 'Last'])
    expect(feed.getSnapshot().items.map(({ title }) => title)).toEqual(['Last', 'From curl'])
  })
})
