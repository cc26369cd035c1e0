import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, describe, expect, inject, test, vi } from 'vitest'
import { clusterSettings, runCarillon, type Settings, startCarillon } from '../rig/carillon.ts'
import { needing } from '../rig/needs.ts'
import { startRedis } from '../rig/servers.ts'
import { shippedNatsConf } from './nats-conf.ts'

const { title, skip } = needing(
  'deploy/nats.conf with a hub and a dispatcher',
  'nats',
  'redis',
  'java',
  'cassandra',
)

describe.skipIf(skip || !inject('cassandra'))(title, () => {
  const endings: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const end of endings.reverse()) await end()
  })

  test('messages of a backend user are delivered, and carillon check has no warnings', async () => {
    const { config, as } = shippedNatsConf()
    const nats = await startNatsServer(natsServerPath() ?? '', config)
    endings.push(nats.end)
    const redis = await startRedis()
    endings.push(() => redis.stop())
    const cassandra = String(inject('cassandra')).replace(/\/([a-z0-9_]+)(?=\?|$)/, '/$1_conf')
    const shared = clusterSettings({ nats: nats.url, redis: redis.url, cassandra })
    const settingsOf = (user: 'hub' | 'dispatcher'): Settings => ({
      ...shared,
      CARILLON_NATS_URL: as(nats.url, user),
      CARILLON_UNKNOWN_TYPES: 'accept',
    })
    const [ofHub, ofDispatcher] = [settingsOf('hub'), settingsOf('dispatcher')]
    const command = async (...args: string[]) => (await runCarillon(args, ofHub)).stdout.trim()
    await command('migrate')
    const [hub, dispatcher] = await Promise.all([
      startCarillon(['hub'], ofHub),
      startCarillon(['dispatcher'], ofDispatcher),
    ])
    endings.push(() => Promise.all([hub.stop(), dispatcher.stop()]))
    await command('tenant', '--add', 'acme')
    const token = await command('token', '--tenant', 'acme', '--user', 'ada')
    const key = await command('token', '--tenant', 'acme', '--sender', 'shop')

    const { username, password } = new URL(as(nats.url, 'acme'))
    const backend = await connect({ servers: nats.url, user: username, pass: password })
    endings.push(() => backend.close())
    const note = JSON.stringify({ to: 'ada', title: 'Over NATS' })
    await jetstream(backend).publish('notify.acme.normal.order.shipped', note, { msgID: 'order-7' })
    const call = (path: string, bearer: string, body?: unknown) =>
      fetch(`${hub.url}/v1${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    expect((await call('/notifications', key, { to: 'ada', type: 'x', title: 'Over HTTP' })).status).toBe(202)
    await vi.waitFor(
      async () => {
        const { items } = await (await call('/inbox', token)).json()
        expect(items.map((item: { title: string }) => item.title).sort()).toEqual(['Over HTTP', 'Over NATS'])
      },
      { timeout: 30_000, interval: 50 },
    )
    for (const settings of [ofHub, ofDispatcher]) {
      const { stdout } = await runCarillon(['check'], settings)
      expect(stdout).toMatch(/^ok {6}event log/m)
      expect(stdout).not.toMatch(/^warn/m)
    }
    for (const { logs } of [hub, dispatcher])
      expect(logs().join('\n')).not.toMatch(/[Pp]ermissions? [Vv]iolation/)
  })
})
