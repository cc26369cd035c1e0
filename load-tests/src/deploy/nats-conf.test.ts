import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { natsInvalidations } from '@carillon/core/cache/invalidation/nats'
import { excessPermissions } from '@carillon/core/nats/permissions'
import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Reader, Stream } from '@carillon/core/stream/port'
import { jetstreamIdempotency } from '@carillon/hub/idempotency/jetstream'
import { notifySubject, type Queue, scheduleSubject, workSubject } from '@carillon/schemas'
import { jetstream } from '@nats-io/jetstream'
import { connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { NATS_USERS, type NatsUser, shippedNatsConf } from './nats-conf.ts'

const path = natsServerPath()
const bytes = (text: string) => new TextEncoder().encode(text)
const namespace = 'shipped'

describe.skipIf(!path)('deploy/nats.conf', () => {
  const { config, as } = shippedNatsConf()
  let server: Awaited<ReturnType<typeof startNatsServer>>
  let connections: Record<'hub' | 'dispatcher' | 'acme', NatsConnection>
  /** Permission violations of hub and dispatcher. */
  const violations: string[] = []

  const connected = async (user: NatsUser) => {
    const connection = await connectNats(as(server.url, user), 'test')
    const watch = async () => {
      for await (const status of connection.status())
        if (status.type === 'error' && user !== 'acme') violations.push(`${user}: ${status.error.message}`)
    }
    void watch()
    return connection
  }
  beforeAll(async () => {
    server = await startNatsServer(path ?? '', config)
    const [hub, dispatcher, acme] = await Promise.all([
      connected('hub'),
      connected('dispatcher'),
      connect({ servers: as(server.url, 'acme').replace(/.*@/, ''), ...login('acme') }),
    ])
    connections = { hub, dispatcher, acme }
  })
  afterAll(async () => {
    for (const each of Object.values(connections ?? {})) await each.close()
    await server?.end()
  })
  afterEach(() => expect(violations).toEqual([]))

  const login = (user: NatsUser) => {
    const { username, password } = new URL(as(server.url, user))
    return { user: username, pass: password }
  }
  /** The connections of hub and dispatcher in one installation. */
  const installation = async () => {
    const { hub, dispatcher } = connections
    const streams: Stream[] = []
    for (const connection of [hub, dispatcher])
      streams.push(
        await jetstreamStream({
          connection,
          namespace,
          sweepMs: 20,
          ownStreams: ['globex'],
          ackWaitMs: 1_000,
        }),
      )
    onTestFinished(async () => {
      for (const stream of streams) await stream.close()
    })
    const [ofHub, ofDispatcher] = streams
    if (!ofHub || !ofDispatcher) throw new Error('two connections are required')
    return { hub: ofHub, dispatcher: ofDispatcher }
  }
  const take = async (reader: Reader) => {
    if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
    return reader.take(1)
  }
  const refusal = async (user: 'hub' | 'dispatcher' | 'acme', subject: string) => {
    const connection =
      user === 'acme'
        ? connections.acme
        : await connect({ servers: server.url, ...login(user), inboxPrefix: `_INBOX_${user}` })
    const error = await connection.request(subject, '', { timeout: 2_000 }).catch((error: Error) => error)
    if (connection !== connections.acme) await connection.close()
    return error instanceof Error && error.cause instanceof errors.PermissionViolationError
      ? 'refused'
      : `${error instanceof Error ? error.message : error.subject}`
  }
  const mayListen = async (connection: NatsConnection, subject: string) => {
    const refused = vi.fn()
    const subscription = connection.subscribe(subject, { callback: (error) => error && refused() })
    await connection.flush()
    await connection.flush()
    subscription.unsubscribe()
    return refused.mock.calls.length === 0
  }

  test('reads passwords from the environment, with any characters', () => {
    const file = fileURLToPath(new URL('../../../deploy/nats.conf', import.meta.url))
    const check = (env: Record<string, string>) => spawnSync(path ?? '', ['-t', '-c', file], { env }).status
    const passwords = NATS_USERS.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, '"12e4"'])
    expect(check(Object.fromEntries(passwords))).toBe(0)
    expect(check(Object.fromEntries(passwords.slice(1)))).not.toBe(0)
  })

  test('rejects connections without a user or with a wrong password', async () => {
    for (const wrong of [{}, { user: 'hub', pass: 'x' }, { user: 'acme' }, { token: 'hub' }])
      await expect(connect({ servers: server.url, reconnect: false, ...wrong })).rejects.toThrow(
        /Authorization/i,
      )
  })

  test('grants hub and dispatcher all permissions that they need', async () => {
    const { hub, dispatcher } = await installation()
    const idempotency = await jetstreamIdempotency({ connection: connections.hub, namespace })
    expect(await idempotency.claim('k', 'b', () => 'id')).toEqual({ outcome: 'first', id: 'id' })
    await idempotency.finish('k', { status: 202, body: {} })
    expect(await idempotency.claim('k', 'b', () => 'id')).toMatchObject({ outcome: 'replay' })
    const use = { key: 'x', fingerprint: 'y' }
    expect(await idempotency.register([use])).toEqual(['y'])
    expect(await idempotency.register([{ ...use, fingerprint: 'z' }])).toEqual(['y'])

    const invalidations = await Promise.all(
      [connections.hub, connections.dispatcher].map((connection) =>
        natsInvalidations({ connection, namespace }),
      ),
    )
    const heard = vi.fn()
    invalidations[1]?.subscribe(heard)
    await invalidations[0]?.publish('all')
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('all'), 15_000)

    const queue: Queue = 'notify-low'
    const reader = await dispatcher.read(queue, { buffer: 10 })
    const work = await dispatcher.read('work-low', { buffer: 10 })
    for (const tenant of ['acme', 'globex'])
      await hub.publish([{ subject: notifySubject(tenant, 'low', 'x'), data: bytes(tenant) }])
    const subjects = [...(await take(reader)), ...(await take(reader))].map((message) => {
      void reader.ack([message])
      return message.subject
    })
    expect(subjects.sort()).toEqual(['notify.acme.low.x', 'notify.globex.low.x'])

    const chunk = workSubject('chunk', 'low', 'acme')
    await dispatcher.publish([{ subject: chunk, data: bytes('1') }])
    const [first] = await take(work)
    if (!first) throw new Error('no message was delivered')
    await work.retry([first], 0)
    const [again] = await take(work)
    if (!again) throw new Error('the message was not redelivered')
    await work.deadLetter([{ message: again, reason: { code: 'internal', detail: 'a test' } }])
    const [letter] = await hub.deadLetters({ tenant: 'acme', limit: 10 })
    expect(letter).toMatchObject({ subject: chunk, reason: { detail: 'a test' } })
    expect(await hub.deadLetter('acme', letter?.sequence ?? 0)).toBeDefined()
    await hub.removeDeadLetter(letter?.sequence ?? 0)
    expect(await hub.deadLetters({ tenant: 'acme', limit: 10 })).toEqual([])

    for (const each of [hub, dispatcher]) {
      const key = scheduleSubject('acme', 'delay', 'later')
      await each.publish([{ subject: chunk, data: bytes('2'), schedule: { at: Date.now() + 60_000, key } }])
      await each.cancel([key])
      await each.publish([{ subject: 'event.acme.inbox.read', data: bytes('{}') }])
      await each.check()
      expect((await each.backlog()).get('work-low')).toBe(0)
    }
    connections.hub.publish('notify.acme.misspelt.x', bytes('?'))
    await vi.waitFor(async () => expect(await hub.deadLetters({ limit: 10 })).toHaveLength(1), 10_000)
  }, 60_000)

  test('lets a backend publish for its tenant with any client and get a PubAck', async () => {
    await installation()
    const acks = await Promise.all(
      ['a', 'b'].map((id) =>
        jetstream(connections.acme).publish('notify.acme.normal.order.paid', '{}', { msgID: id }),
      ),
    )
    expect(acks).toMatchObject([
      { stream: 'NOTIFY_shipped', duplicate: false },
      { stream: 'NOTIFY_shipped', duplicate: false },
    ])
  })

  test('grants a backend no other permissions', async () => {
    await installation()
    for (const subject of [
      'notify.globex.normal.x',
      'notify.acme',
      'own.acme.normal.x',
      'work.shipped.chunk.low.acme',
      'schedule.shipped.acme.x',
      'dead.acme.notify-low',
      'event.acme.inbox.read',
      'invalidate.shipped',
      'ids.shipped.x',
      '$KV.IDEMPOTENCY_shipped.x',
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.INFO.NOTIFY_shipped',
      '$JS.API.STREAM.DELETE.NOTIFY_shipped',
      '$JS.API.CONSUMER.MSG.NEXT.NOTIFY_shipped.notify-low_shipped',
      '$SYS.REQ.SERVER.PING',
    ])
      expect([subject, await refusal('acme', subject)]).toEqual([subject, 'refused'])
    for (const subject of [
      '>',
      'notify.>',
      'notify.acme.>',
      '_INBOX_hub.>',
      '_INBOX_dispatcher.>',
      '$SYS.>',
      'event.>',
    ])
      expect([subject, await mayListen(connections.acme, subject)]).toEqual([subject, false])
    expect(await mayListen(connections.acme, '_INBOX.>')).toBe(true)
  })

  test('keeps the reply subject of a backend from reaching other users', async () => {
    const { hub } = await installation()
    const before = await hub.backlog()
    for (const reply of [
      'notify.globex.low.x',
      '$JS.API.STREAM.PURGE.NOTIFY_shipped',
      '$JS.API.STREAM.DELETE.NOTIFY_shipped',
      'work.shipped.chunk.low.globex',
      'invalidate.shipped',
    ])
      connections.acme.publish('notify.acme.high.x', bytes('{}'), { reply })
    await vi.waitFor(
      async () => expect((await hub.backlog()).get('notify-high')).toBe((before.get('notify-high') ?? 0) + 5),
      15_000,
    )
    const after = await hub.backlog()
    expect([after.get('notify-low'), after.get('work-low')]).toEqual([
      before.get('notify-low'),
      before.get('work-low'),
    ])
  })

  test('prevents hub and dispatcher from acting as each other, reading everything or deleting streams', async () => {
    await installation()
    const next = '$JS.API.CONSUMER.MSG.NEXT.WORK_shipped.work-low_shipped'
    for (const [user, subject] of [
      ['hub', next],
      ['hub', '$JS.ACK.WORK_shipped.work-low_shipped.1.1.1.1.0'],
      ['hub', 'dead.acme.notify-low'],
      ['dispatcher', 'notify.acme.low.x'],
      ['dispatcher', '$KV.IDEMPOTENCY_shipped.x'],
      ['hub', '$JS.API.STREAM.DELETE.WORK_shipped'],
      ['dispatcher', '$JS.API.STREAM.DELETE.WORK_shipped'],
      ['dispatcher', '$JS.API.CONSUMER.DELETE.WORK_shipped.work-low_shipped'],
      ['hub', '$SYS.REQ.SERVER.PING'],
    ] as const)
      expect([user, subject, await refusal(user, subject)]).toEqual([user, subject, 'refused'])
    for (const [user, other] of [
      ['hub', 'dispatcher'],
      ['dispatcher', 'hub'],
    ] as const) {
      const connection = await connect({ servers: server.url, ...login(user) })
      for (const subject of ['>', 'notify.>', 'work.>', '_INBOX.>', `_INBOX_${other}.>`])
        expect([user, subject, await mayListen(connection, subject)]).toEqual([user, subject, false])
      await connection.close()
    }
  })

  test('supports accounts as described in docs/nats.md', async () => {
    const docs = readFileSync(new URL('../../../docs/nats.md', import.meta.url), 'utf8')
    const blocks = [...docs.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    const [own = '', events = ''] = blocks.flatMap(([, language, lines]) => (language === '' ? [lines] : []))
    const variant = (imports: string) =>
      config
        .replace(/^ {4}imports: \[\{ service.*$/m, imports)
        .replace('subscribe: ["_INBOX.>"]', 'subscribe: ["_INBOX.>", "event.acme.>"]')
    const open = async (imports: string) => {
      const started = await startNatsServer(path ?? '', variant(imports))
      const hub = await connectNats(as(started.url, 'hub'), 'hub')
      const acme = await connect({ servers: started.url, ...login('acme') })
      onTestFinished(async () => {
        await Promise.all([hub.close(), acme.close()])
        await started.end()
      })
      return {
        hub,
        acme,
        stream: await jetstreamStream({ connection: hub, namespace, ownStreams: ['acme'] }),
      }
    }
    const first = await open(own)
    const ack = await jetstream(first.acme).publish('notify.acme.low.x', '{}')
    expect(ack.stream).toBe('NOTIFY-acme_shipped')
    expect((await first.stream.backlog()).get('notify-low')).toBe(1)

    const second = await open(events)
    expect((await jetstream(second.acme).publish('notify.acme.low.x', '{}')).stream).toBe('NOTIFY_shipped')
    const heard: string[] = []
    second.acme.subscribe('event.acme.>', { callback: (_, { subject }) => void heard.push(subject) })
    await second.acme.flush()
    for (const tenant of ['globex', 'acme'])
      await second.stream.publish([{ subject: `event.${tenant}.inbox.read`, data: bytes('{}') }])
    await vi.waitFor(() => expect(heard).toEqual(['event.acme.inbox.read']), 15_000)
    expect(await mayListen(second.acme, 'event.globex.>')).toBe(false)
  })

  test('passes carillon check without warnings', async () => {
    for (const user of ['hub', 'dispatcher'] as const)
      expect(await excessPermissions(as(server.url, user))).toEqual([])
  })
})

describe.skipIf(!path)('carillon check warns', () => {
  const warnings = async (config: string, login = '') => {
    const server = await startNatsServer(path ?? '', config)
    onTestFinished(server.end)
    return excessPermissions(server.url.replace('nats://', `nats://${login}`))
  }

  test('about a server without authentication', async () => {
    const open = /accepts connections without credentials.*deploy\/nats\.conf/
    expect(await warnings('')).toEqual([expect.stringMatching(open)])
    const anonymous = 'no_auth_user: a\nauthorization { users: [{ user: a, password: b }] }'
    expect(await warnings(anonymous, 'a:b@')).toEqual([expect.stringMatching(open)])
  })

  test('about a user with all permissions, and one who may read or delete other streams', async () => {
    const user = (permissions: string) =>
      `authorization { users: [{ user: a, password: b, permissions: { ${permissions} } }] }`
    const [reads, writes, deletes] = [/may subscribe to ">"/, /publish to any subject/, /delete streams/]
    const words = async (permissions: string) => await warnings(user(permissions), 'a:b@')
    expect(await warnings('authorization { users: [{ user: a, password: b }] }', 'a:b@')).toEqual([
      expect.stringMatching(reads),
      expect.stringMatching(writes),
    ])
    expect(await words('publish: ["notify.>"], subscribe: [">"]')).toEqual([expect.stringMatching(reads)])
    expect(await words('publish: ["notify.>", "$JS.API.>"], subscribe: ["_INBOX_a.>"]')).toEqual([
      expect.stringMatching(deletes),
    ])
  })

  test('about a connection in the system account', async () => {
    const config =
      'accounts { SYS { users: [{ user: s, password: s }] }, APP { users: [{ user: a, password: a }] } }\nsystem_account: SYS'
    expect(await warnings(config, 's:s@')).toContainEqual(expect.stringMatching(/system account/))
  })
})
