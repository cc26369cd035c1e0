import { randomUUID } from 'node:crypto'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import { Step } from '@carillon/core/delivery/step'
import { HttpFailure } from '@carillon/core/http/port'
import { memoryLimits } from '@carillon/core/limits/memory'
import { inProcessLive } from '@carillon/core/live/in-process'
import { standaloneServer } from '@carillon/core/live/server'
import { rawPublisher } from '@carillon/core/nats/testing/raw-publisher'
import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { RunWork } from '@carillon/core/schedules/run-message'
import { newTenant } from '@carillon/core/security/new-tenant'
import type { Seal } from '@carillon/core/security/seal'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Stream } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import type {} from '@carillon/core/testing/provided'
import { PROVIDERS } from '@carillon/dispatcher/channels/providers'
import { startDispatcher } from '@carillon/dispatcher/dispatcher'
import { WakeWork } from '@carillon/dispatcher/inbox/snooze-end'
import { ChunkWork, DueWork, LocalWork } from '@carillon/dispatcher/plan/work'
import {
  CHANNELS,
  type InboxContent,
  notifySubject,
  PRIORITIES,
  parse,
  stepSubject,
  workSubject,
} from '@carillon/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { CLOUD_EVENTS, CONFIGS, NOTIFICATIONS } from './examples.ts'
import { fuzzed, PATIENT } from './settings.ts'
import { hostile, mutated, toJson } from './values.ts'

type Log = {
  stream: Stream
  /** Opens the event log. */
  openStore(seal: Seal): Promise<Store>
  publish(subject: string, data: Uint8Array, dedupe?: string): Promise<void>
  /** With a NATS server: publishes any bytes as header block and subject. */
  publishRaw?(subject: string, header: Uint8Array, data: Uint8Array): Promise<unknown>
  end(): Promise<void>
}

const ITEM = '019a0000-0000-7000-8000-000000000001'
const RETENTION = 90 * 86_400_000
const cassandra = inject('cassandra')

const openCassandra = async (url: string, seal: Seal): Promise<Store> => {
  const own = url.replace(/\/([a-z0-9_]+)(?=\?|$)/, '/$1_log')
  const store = cassandraStore({ ...connectCassandra(own), seal, retention: RETENTION })
  await store.migrate('log')
  return store
}

const openSqlite = async (seal: Seal): Promise<Store> => {
  const store = sqliteStore({ database: openDatabase(':memory:'), seal, retention: RETENTION })
  await store.migrate()
  return store
}

const embedded = async (): Promise<Log> => {
  const database = openDatabase(':memory:')
  const stream = embeddedStream({ database })
  return {
    stream,
    openStore: async (seal) => {
      const store = sqliteStore({ database, seal, retention: RETENTION })
      await store.migrate()
      return store
    },
    publish: async (subject, data, dedupe) => {
      await stream.publish([{ subject, data, ...(dedupe === undefined ? {} : { dedupe }) }])
    },
    end: async () => {
      await stream.close()
      await database.close()
    },
  }
}

/** Publishes with a plain NATS client, without Carillon's code. */
const jetstream = async (path: string): Promise<Log> => {
  const server = await startNatsServer(path)
  const connection = await connectNats(server.url, 'fuzz')
  const stream = await jetstreamStream({ connection, namespace: 'fuzz' })
  const foreign = await connectNats(server.url, 'foreign')
  const raw = await rawPublisher(server.url)
  const { headers } = await import('@nats-io/transport-node')
  return {
    stream,
    openStore: async (seal) => (cassandra === undefined ? openSqlite(seal) : openCassandra(cassandra, seal)),
    publish: async (subject, data, dedupe) => {
      const fields = headers()
      if (dedupe !== undefined) fields.set('Nats-Msg-Id', dedupe)
      foreign.publish(subject, data, { headers: fields })
      await foreign.flush()
    },
    publishRaw: raw.publish,
    end: async () => {
      raw.close()
      await foreign.close()
      await stream.close()
      await connection.close()
      await server.end()
    },
  }
}

const openWorld = async (log: Log) => {
  const seal = createSeal('a secret only for tests')
  const store = await log.openStore(seal)
  const tenant = `t-${randomUUID().slice(0, 8)}`
  await store.tenants.put(newTenant(tenant))
  for (const [provider, config] of Object.entries(CONFIGS)) {
    const channels = [...(PROVIDERS.get(provider)?.channels ?? [])]
    await store.accounts.put(tenant, { id: provider, provider, channels, order: 1, config })
  }
  await store.topics.add(tenant, 'team', ['ada', 'bob'])
  await store.users.put(tenant, { id: 'ada', profile: { email: 'ada@example.com', phone: '+351912345678' } })
  await store.devices.put(tenant, 'ada', {
    id: 'hook',
    device: { kind: 'webhook', url: 'https://example.com/hook' },
    createdAt: Date.now(),
  })
  const content: InboxContent = {
    notification: 'n-1',
    type: 'test',
    priority: 'normal',
    title: 'Hello',
    createdAt: new Date().toISOString(),
  }
  await store.inbox.put([{ tenant, user: 'ada', id: ITEM, content, expiresAt: Date.now() + RETENTION }])
  await store.schedules.put(tenant, {
    id: 'reports',
    definition: { cron: '* * * * *', notification: { to: 'ada', type: 'test', title: 'Report' } },
    ...{ sender: 'key', revision: 'r', changedAt: Date.now() - 86_400_000 },
  })
  const ports = {
    stream: log.stream,
    store,
    seal,
    live: inProcessLive({ io: standaloneServer() }),
    cache: createSettingsCache(store),
    invalidations: inProcessInvalidations(),
    limits: memoryLimits(),
    providers: PROVIDERS,
    http: {
      request: async () => ({ status: 200, headers: {}, body: '{}' }),
      download: async () => {
        throw new HttpFailure('unreachable', 'no connection', false)
      },
      resolve: async () => {
        throw new HttpFailure('unreachable', 'no connection', false)
      },
      refusal: () => undefined,
    },
    log: createLog({ level: 'silent', role: 'fuzz' }),
    metrics: createMetrics(),
  }
  const errors = vi.spyOn(ports.log, 'error')
  const dispatcher = await startDispatcher(ports, {
    unknownTypes: 'accept',
    insecureLinks: 'refuse',
    retentionMs: 86_400_000,
  })
  return {
    tenant,
    ports,
    errors,
    /** Checks that a valid notification is stored after all earlier messages. */
    works: async () => {
      const user = `u-${randomUUID()}`
      await log.publish(
        notifySubject(tenant, 'normal', 'good'),
        Buffer.from(toJson({ to: user, title: 'Hello' })),
      )
      await vi.waitFor(async () => {
        const { items } = await store.inbox.page({ tenant, user }, { status: 'active', limit: 1 })
        expect(items[0]?.title).toBe('Hello')
      }, PATIENT)
    },
    retried: async () => (await ports.metrics.retried.get()).values,
    close: async () => {
      await dispatcher.stop()
      await store.close()
    },
  }
}

const bytes = (values: fc.Arbitrary<unknown>) => values.map((value): Uint8Array => Buffer.from(toJson(value)))

const withoutIds = NOTIFICATIONS.map(({ id: _, type: __, priority: ___, ...rest }) => rest)
const notifications = fc.oneof(
  { weight: 8, arbitrary: bytes(mutated(fc.constantFrom<unknown>(...NOTIFICATIONS, ...withoutIds))) },
  { weight: 2, arbitrary: bytes(hostile) },
  {
    weight: 3,
    arbitrary: bytes(mutated(fc.constantFrom(...CLOUD_EVENTS))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
)

const ready = (tenant: string) => ({
  tenant,
  id: 'n-1',
  notification: {
    ...{ to: 'ada', type: 'test', priority: 'normal', title: 'Hello', inbox: 'silent' },
    plan: [{ channel: 'email', when: 'always', after: 0 }],
  },
  fingerprint: 'f',
  toAudience: false,
  acceptedAt: Date.now(),
  at: Date.now(),
  expiresAt: Date.now() + 86_400_000,
})
const work = (tenant: string) => ({
  chunk: {
    ready: ready(tenant),
    audience: { topic: 'team' },
    chain: 0,
    from: 0,
    to: 8,
    reached: 0,
  },
  due: { ready: ready(tenant) },
  local: {
    ready: {
      ...ready(tenant),
      notification: { ...ready(tenant).notification, deliverAt: { local: '2026-01-31T09:00' }, late: 'skip' },
    },
    chain: 10_000,
    waiting: [{ at: Date.now(), addressed: [{ by: 'topic', topic: 'team' }], users: ['ada', 'bob'] }],
    unnamed: false,
    partial: false,
    reached: 0,
  },
  wake: { user: 'ada', id: ITEM },
  run: { id: 'reports', after: 0, at: Date.now() },
})
const step = (tenant: string, channel: string) => ({
  tenant,
  user: 'ada',
  notification: 'n-1',
  item: ITEM,
  type: 'test',
  priority: 'normal',
  at: Date.now(),
  expiresAt: Date.now() + 86_400_000,
  plan: [{ channel, when: 'always', after: 0 }],
  index: 0,
  toAudience: false,
})

test('the examples are valid work and valid steps', () => {
  const { chunk, due, local, wake, run } = work('t')
  const all = [
    parse(ChunkWork, chunk),
    parse(DueWork, due),
    parse(LocalWork, local),
    parse(WakeWork, wake),
    parse(RunWork, run),
    parse(Step, step('t', 'sms')),
  ]
  expect(all.filter(({ success }) => !success)).toEqual([])
})

const path = natsServerPath()
const logs: [string, () => Promise<Log>][] = [
  ['embedded', embedded],
  ...(path === undefined ? [] : [['jetstream', () => jetstream(path)] as [string, () => Promise<Log>]]),
]

describe.each(logs)('a message in the %s log', (name, open) => {
  let log: Log
  let world: Awaited<ReturnType<typeof openWorld>>
  beforeAll(async () => {
    log = await open()
    world = await openWorld(log)
  }, 120_000)
  afterAll(async () => {
    await world.close()
    await log.end()
  }, 60_000)

  /** Checks that every message was stored or rejected, and none was redelivered because of its content. */
  const isSettled = async () => {
    await world.works()
    await vi.waitFor(async () => {
      const backlog = [...(await log.stream.backlog()).entries()].filter(([, waiting]) => waiting > 0)
      expect(backlog).toEqual([])
    }, PATIENT)
    expect(world.errors.mock.calls).toEqual([])
    expect(await world.retried()).toEqual([])
  }

  test('is accepted or rejected with any notification', { timeout: 300_000 }, async () => {
    const dedupes = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PRIORITIES),
        notifications,
        dedupes,
        async (priority, data, dedupe) => {
          await log.publish(notifySubject(world.tenant, priority, 'order.shipped'), data, dedupe)
        },
      ),
      fuzzed(200),
    )
    await isSettled()
  })

  // Only Carillon publishes to the embedded log, so this test does not apply.
  if (name === 'jetstream')
    test('is accepted or rejected with any headers and subject', {
      timeout: 300_000,
    }, async () => {
      const lines = fc.array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(
              'Nats-Msg-Id',
              'ce-id',
              'ce-specversion',
              'ce-source',
              'ce-type',
              'content-type',
              'Carillon-Id',
              'Carillon-Type-Version',
            ),
            fc.string({ unit: 'binary', maxLength: 12 }),
          ),
          fc.oneof(
            fc.constantFrom('1.0', '0', '7', 'application/json', '503', ''),
            fc.string({ unit: 'binary', maxLength: 30 }),
          ),
        ),
        { maxLength: 5 },
      )
      const blocks = fc.oneof(
        {
          weight: 4,
          arbitrary: lines.map(
            (all): Uint8Array => Buffer.from(all.map(([key, value]) => `${key}: ${value}`).join('\r\n')),
          ),
        },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
      )
      /** Bytes that NATS accepts in a subject token. */
      const token = fc
        .string({ unit: 'binary', minLength: 1, maxLength: 20 })
        .map((text) => text.replaceAll(/[\s.*>\0]/g, '') || 'x')
      const subjects = fc.oneof(
        { weight: 3, arbitrary: fc.constant(notifySubject(world.tenant, 'normal', 'order.shipped')) },
        {
          weight: 1,
          arbitrary: fc.array(token, { minLength: 1, maxLength: 12 }).map((all) => `notify.${all.join('.')}`),
        },
        { weight: 1, arbitrary: token.map((type) => `notify.${world.tenant}.normal.${type}`) },
      )
      await fc.assert(
        fc.asyncProperty(subjects, blocks, notifications, async (subject, block, data) => {
          await log.publishRaw?.(subject, block, data)
        }),
        fuzzed(120),
      )
      await isSettled()
    })

  test('is processed or rejected with any work', { timeout: 300_000 }, async () => {
    for (const kind of ['chunk', 'due', 'local', 'wake', 'run'] as const)
      await fc.assert(
        fc.asyncProperty(bytes(mutated(fc.constant(work(world.tenant)[kind]))), async (data) => {
          await log.publish(workSubject(kind, 'normal', world.tenant), data)
        }),
        fuzzed(80),
      )
    await isSettled()
  })

  test('is sent or rejected with any step', { timeout: 300_000 }, async () => {
    const steps = fc
      .constantFrom(...CHANNELS)
      .chain((channel) =>
        fc.tuple(fc.constant(channel), bytes(mutated(fc.constant(step(world.tenant, channel))))),
      )
    await fc.assert(
      fc.asyncProperty(steps, async ([channel, data]) => {
        await log.publish(stepSubject(channel, 'normal', world.tenant), data)
      }),
      fuzzed(200),
    )
    await isSettled()
  })
})
