import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Delivery } from '@carillon/schemas'
import { connect } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { webhookReceiver } from '../delivery/stand-ins/webhook.ts'
import { runCarillon, type Settings, startCarillon, startCluster } from '../rig/carillon.ts'
import { needing } from '../rig/needs.ts'
import { startNats, startRedis } from '../rig/servers.ts'

/** Shorter than the TTL of the cache. */
const AT_ONCE = { timeout: 5_000, interval: 10 }

type Environment = { hubs: [string, string]; settings: Settings; stop(): Promise<void> }

const COMMON = {
  CARILLON_UNKNOWN_TYPES: 'refuse',
  CARILLON_ALLOWED_TARGETS: '*',
  CARILLON_INSECURE_LINKS: 'accept',
}

const embedded = async (dir: string): Promise<Environment> => {
  const settings = { ...COMMON, CARILLON_DATA_DIR: dir }
  const server = await startCarillon(['dev'], settings)
  return { hubs: [server.url, server.url], settings, stop: async () => void (await server.stop()) }
}

const clustered = async (dir: string): Promise<Environment> => {
  const [nats, redis] = await Promise.all([startNats({ dir }), startRedis()])
  const cassandra = String(inject('cassandra')).replace(/\/([a-z0-9_]+)(?=\?|$)/, '/$1_settings')
  const urls = { nats: nats.url, redis: redis.url, cassandra }
  const cluster = await startCluster({ hubs: 2, dispatchers: 1, urls, settings: COMMON })
  const [one, two] = cluster.hubs
  return {
    hubs: [one?.url ?? '', two?.url ?? ''],
    settings: cluster.settings,
    stop: async () => {
      await cluster.stop()
      await Promise.all([nats.stop(), redis.stop()])
    },
  }
}

const cluster = needing('two hubs and a dispatcher', 'nats', 'redis', 'java', 'cassandra')
const stages: [string, boolean, (dir: string) => Promise<Environment>][] = [
  ['one process', false, embedded],
  [cluster.title, cluster.skip || !inject('cassandra'), clustered],
]

for (const [name, skip, open] of stages)
  describe.skipIf(skip)(`a setting takes effect immediately: ${name}`, () => {
    let dir: string
    let environment: Environment
    let key: string
    const tenant = `t${Date.now().toString(36)}`
    const command = async (...args: string[]) => (await runCarillon(args, environment.settings)).stdout.trim()
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'carillon-settings-'))
      environment = await open(dir)
      await command('tenant', '--add', tenant)
      key = await command('token', '--tenant', tenant, '--sender', 'test')
    })
    afterAll(async () => {
      await environment?.stop()
      await rm(dir, { recursive: true })
    })

    const call = async (hub: 0 | 1, method: string, path: string, body?: unknown, token = key) => {
      const response = await fetch(`${environment.hubs[hub]}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, json: text === '' ? {} : JSON.parse(text) }
    }
    const post = (hub: 0 | 1, type: string, more: object = {}) =>
      call(hub, 'POST', '/notifications', { to: 'ada', type, title: 'Hello', ...more })

    test('applies a tenant and an API key created by a command, and a new type', async () => {
      await vi.waitFor(
        async () => expect((await post(1, 'new.type')).json.code).toBe('type_unknown'),
        AT_ONCE,
      )
      expect((await call(0, 'PUT', '/types/new.type', {})).status).toBe(200)
      await vi.waitFor(async () => expect((await post(1, 'new.type')).status).toBe(202), AT_ONCE)
    })

    test('applies a provider account to the next notification', async () => {
      const receiver = await webhookReceiver()
      const plan = [{ channel: 'webhook', when: 'always' }]
      await call(0, 'PUT', '/types/hooked', { plan })
      await vi.waitFor(
        async () => expect((await post(1, 'hooked', { id: 'before' })).status).toBe(202),
        AT_ONCE,
      )
      const deliveries = async (id: string) =>
        ((await call(0, 'GET', `/notifications/${id}/deliveries`)).json.deliveries ?? []).filter(
          ({ channel, state }: Delivery) => channel === 'webhook' && ['sent', 'skipped'].includes(state),
        )
      await vi.waitUntil(async () => (await deliveries('before')).length > 0, 20_000)

      const { provider, config } = receiver.account
      const account = { provider, config: { ...config, url: receiver.device.url } }
      expect((await call(0, 'PUT', '/providers/hook', account)).status).toBe(200)
      expect((await post(1, 'hooked', { id: 'after' })).status).toBe(202)
      await vi.waitFor(
        async () => expect(await deliveries('after')).toMatchObject([{ provider: 'hook', state: 'sent' }]),
        20_000,
      )
      expect(receiver.accepted).toHaveLength(1)
      await receiver.close()
    })

    test('rejects an API key that was revoked by a command', async () => {
      const other = await command('token', '--tenant', tenant, '--sender', 'other')
      for (const hub of [0, 1] as const)
        expect((await call(hub, 'GET', '/types', undefined, other)).status).toBe(200)
      expect(await command('token', '--tenant', tenant, '--revoke', String(other.split('.')[1]))).toMatch(
        / is revoked$/,
      )
      for (const hub of [0, 1] as const)
        await vi.waitFor(
          async () => expect((await call(hub, 'GET', '/types', undefined, other)).status).toBe(401),
          AT_ONCE,
        )
    })

    test('rejects tokens of a secret that was revoked by a command, and closes their live connections', async () => {
      const token = await command('token', '--tenant', tenant, '--user', 'ada')
      const sockets = environment.hubs.map((url) =>
        connect(url, { transports: ['websocket'], forceNew: true, auth: { token } }),
      )
      await Promise.all(sockets.map((socket) => vi.waitUntil(() => socket.connected, 20_000)))
      const ended = sockets.map((socket) => new Promise((resolve) => socket.once('disconnect', resolve)))
      const refused = sockets.map(
        (socket) => new Promise<Error>((resolve) => socket.once('connect_error', resolve)),
      )
      expect((await call(0, 'GET', '/inbox', undefined, token)).status).toBe(200)
      await command('tenant', '--revoke', tenant)
      await vi.waitFor(() => expect(sockets.some(({ connected }) => connected)).toBe(false), AT_ONCE)
      expect(await Promise.all(ended)).toEqual(['transport close', 'transport close'])
      for (const error of await Promise.all(refused)) expect(error.message).toBe('unauthenticated')
      for (const hub of [0, 1] as const)
        expect((await call(hub, 'GET', '/inbox', undefined, token)).json.code).toBe('unauthenticated')
      for (const socket of sockets) socket.disconnect()
    })
  })
