import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Stream } from '@carillon/core/stream/port'
import { type Settings, startCarillon, startCluster } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { startNats, startRedis } from '../rig/servers.ts'
import { raiseWorld } from '../rig/world.ts'

/** What is kept, seen past the servers. `owners`: everyone who has a row in an inbox, asked of the database itself. */
export type Kept = { store: Store; stream: Stream; owners(tenant: string): Promise<Set<string>> }

/** Something that goes wrong and is put right. `apiStands`: whether senders over HTTP must not notice. */
export type Fault = { apiStands: boolean; strike(): Promise<unknown>; heal(): Promise<unknown> }

/** One installation of Carillon. `kept` may be used while it does not run, or at any time in a cluster. */
export type Stage = {
  hubs: readonly string[]
  natsUrl?: string
  /** Starts what was not running. */
  begin(): Promise<void>
  /** Stops it, where `kept` needs that. */
  rest(): Promise<void>
  kept<T>(use: (kept: Kept) => Promise<T>): Promise<T>
  /** Messages that are not finished. Rejects while nobody knows. */
  backlog(): Promise<number>
  faults: ReadonlyMap<string, Fault>
  /** The last words of every process, for a report. */
  logs(): string[]
  close(): Promise<void>
}

/** Only as far back as a run goes: each month of retention is a partition more to read. */
const RETENTION = 24 * 3_600_000
const none: Fault = { apiStands: true, strike: async () => {}, heal: async () => {} }

const kill9 = (apiStands: boolean, ...servers: Server[]): Fault => ({
  apiStands,
  strike: () => Promise.all(servers.map((server) => server.kill())),
  heal: () => Promise.all(servers.map((server) => server.restart())),
})

/** NATS and Redis of a run's own beside a Cassandra that is there already, and not to be stopped. */
const raiseBeside = async (cassandra: string) => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-proof-'))
  const [nats, redis] = await Promise.all([startNats({ dir }), startRedis()])
  const stop = async () => {
    await Promise.all([nats.stop(), redis.stop()])
    await rm(dir, { recursive: true, force: true })
  }
  return { nats, redis, cassandra: undefined, urls: { nats: nats.url, redis: redis.url, cassandra }, stop }
}

/** Two hubs and two dispatchers on real NATS and Redis of their own, and Cassandra too unless one is named. */
export const clusterStage = async (cassandraUrl?: string): Promise<Stage> => {
  const world = await (cassandraUrl === undefined ? raiseWorld() : raiseBeside(cassandraUrl))
  const cluster = await startCluster({
    hubs: 2,
    dispatchers: 2,
    urls: world.urls,
    settings: { CARILLON_UNKNOWN_TYPES: 'refuse', CARILLON_LOG_LEVEL: 'warn' },
  }).catch(async (error) => {
    await world.stop()
    throw error
  })
  const cassandra = connectCassandra(world.urls.cassandra)
  const seal = createSeal(String(cluster.settings.CARILLON_SECRET))
  const store = cassandraStore({ ...cassandra, seal, retention: RETENTION })
  const connection = await connectNats(world.urls.nats, 'proof')
  const stream = await jetstreamStream({ connection })
  const owners = async (tenant: string) => {
    const query = `SELECT DISTINCT tenant, user, month FROM ${cassandra.keyspace}.inbox`
    const found = new Set<string>()
    for (let pageState: string | undefined, more = true; more; more = pageState !== undefined) {
      const page = await cassandra.client.execute(query, [], { prepare: true, fetchSize: 5_000, pageState })
      for (const row of page.rows) if (row.tenant === tenant) found.add(String(row.user))
      pageState = page.pageState ?? undefined
    }
    return found
  }
  const database = world.cassandra
  const cassandraFault: [string, Fault][] = database
    ? [['cassandra', { apiStands: true, strike: () => database.stop(), heal: () => database.restart() }]]
    : []
  const firstOfEach = [...cluster.hubs.slice(0, 1), ...cluster.dispatchers.slice(0, 1)]
  return {
    hubs: cluster.hubs.map(({ url }) => url),
    natsUrl: world.urls.nats,
    begin: async () => {},
    rest: async () => {},
    kept: (use) => use({ store, stream, owners }),
    backlog: async () => [...(await stream.backlog()).values()].reduce((sum, each) => sum + each, 0),
    faults: new Map<string, Fault>([
      ['none', none],
      ['workers', kill9(false, ...firstOfEach)],
      ['redis', kill9(true, world.redis)],
      ['nats', kill9(false, world.nats)],
      ...cassandraFault,
    ]),
    logs: () =>
      [...cluster.hubs, ...cluster.dispatchers].flatMap((server) => [`── ${server.name}`, ...server.logs()]),
    close: async () => {
      await cluster.stop()
      await stream.close()
      await connection.close()
      await store.close()
      await world.stop()
    },
  }
}

/** `carillon dev` on a data directory of its own. */
export const embeddedStage = async (): Promise<Stage> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-proof-'))
  const secret = randomBytes(32).toString('hex')
  const settings: Settings = {
    CARILLON_SECRET: secret,
    CARILLON_UNKNOWN_TYPES: 'refuse',
    CARILLON_LOG_LEVEL: 'warn',
  }
  const server = await startCarillon(['dev', '--no-demo', '--data', dir], settings)
  let running = true
  const kept: Stage['kept'] = async (use) => {
    const database = openDatabase(join(dir, 'carillon.db'))
    const store = sqliteStore({ database, seal: createSeal(secret) })
    const stream = embeddedStream({ database })
    const owners = async (tenant: string) => {
      const rows = database.handle.prepare('SELECT DISTINCT user FROM inbox WHERE tenant = ?').all([tenant])
      return new Set((rows as { user: string }[]).map(({ user }) => user))
    }
    try {
      return await use({ store, stream, owners })
    } finally {
      await stream.close()
      await store.close()
      await database.close()
    }
  }
  const rest = async () => {
    if (running) await server.stop()
    running = false
  }
  await rest()
  return {
    hubs: [server.url],
    begin: async () => {
      if (!running) await server.restart()
      running = true
    },
    rest,
    kept,
    backlog: async () => {
      const response = await fetch(`${server.url}/metrics`, { signal: AbortSignal.timeout(5_000) })
      const lines = (await response.text())
        .split('\n')
        .filter((line) => line.startsWith('carillon_lane_backlog{'))
      if (lines.length === 0) throw new Error('the backlog is not known')
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    faults: new Map<string, Fault>([
      ['none', none],
      ['process', kill9(false, server)],
    ]),
    logs: () => server.logs(),
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
