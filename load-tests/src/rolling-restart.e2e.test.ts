import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@carillon/client-sdk'
import type {} from '@carillon/core/provided'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type Cluster, runCarillon, startCluster } from './rig/carillon.ts'
import type { Server } from './rig/child.ts'
import { startNats, startRedis } from './rig/servers.ts'

const cassandra = inject('cassandra')
const missing = [
  inject('natsServer') ? [] : 'nats-server',
  inject('redisServer') ? [] : 'redis-server',
  cassandra ? [] : 'Cassandra',
].flat()

describe.skipIf(missing.length > 0)(
  `rolling restart${missing.length > 0 ? ` (no ${missing.join(', ')})` : ''}`,
  () => {
    let dir: string
    let servers: Server[]
    let cluster: Cluster
    let client: Client

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'carillon-rolling-'))
      servers = await Promise.all([startNats({ dir }), startRedis()])
      const [nats, redis] = servers
      const urls = { nats: nats!.url, redis: redis!.url, cassandra: cassandra!.replace('?', '_rolling?') }
      const settings = { CARILLON_UNKNOWN_TYPES: 'accept', CARILLON_DRAIN_SECONDS: '4' }
      cluster = await startCluster({ hubs: 2, dispatchers: 2, urls, settings })
    })
    afterAll(async () => {
      await client?.close()
      await cluster?.stop()
      await Promise.all((servers ?? []).map((server) => server.stop()))
      await rm(dir, { recursive: true })
    })

    test('hubs and dispatchers are replaced one by one while notifications go on; every one arrives, none is refused', async () => {
      const carillon = async (...args: string[]) => (await runCarillon(args, cluster.settings)).stdout.trim()
      await carillon('tenant', '--add', 'acme')
      const key = await carillon('token', '--tenant', 'acme', '--sender', 'test')
      const token = await carillon('token', '--tenant', 'acme', '--user', 'ada')

      // Stands for the proxy in front of the hubs: the next hub when one does not take the connection.
      const throughAnyHub: typeof fetch = async (input, init) => {
        const { pathname, search } = new URL(String(input))
        for (const hub of cluster.hubs) {
          const response = await fetch(`${hub.url}${pathname}${search}`, init).catch(() => undefined)
          if (response) return response
        }
        throw new TypeError('no hub took the connection')
      }
      client = createClient({ url: cluster.hubs[1]!.url, token, fetch: throughAnyHub })
      const feed = client.feed({ limit: 100 })
      feed.subscribe(() => {})
      await vi.waitUntil(() => feed.getSnapshot().status === 'ready', { timeout: 30_000 })

      const statuses = new Map<number, number>()
      let sent = 0
      let going = true
      const sending = (async () => {
        while (going) {
          const response = await throughAnyHub('http://hub/v1/notifications', {
            method: 'POST',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            body: JSON.stringify({ id: `n${sent++}`, to: 'ada', type: 'tick', title: `${sent}` }),
          })
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
          await response.body?.cancel()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })()
      for (const server of [...cluster.hubs, ...cluster.dispatchers]) {
        expect(await server.stop()).toBe(0)
        await server.restart()
      }
      going = false
      await sending

      expect([...statuses.keys()]).toEqual([202])
      await vi.waitUntil(() => feed.getSnapshot().counts.unread === sent, { timeout: 20_000 })
      while (feed.getSnapshot().hasMore) await feed.more()
      const titles = feed.getSnapshot().items.map(({ title }) => Number(title))
      expect(titles.sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, index) => index + 1))
    })
  },
)
