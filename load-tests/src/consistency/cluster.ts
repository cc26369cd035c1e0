import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createSeal } from '@carillon/core/security/seal'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import { startCluster } from '../rig/carillon.ts'
import { startNats, startRedis } from '../rig/servers.ts'
import { raiseWorld } from '../rig/world.ts'
import { cutCommands, type Fault, kill9, none, type Stage } from './stage.ts'

/** Only as far back as a run goes: each month of retention is a partition more to read. */
const RETENTION = 24 * 3_600_000

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
  const namespace = (await store.namespace()) ?? ''
  const stream = await jetstreamStream({ connection, namespace })
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
  /** A message that no queue reads has become a dead letter, twice one after the other: so have all that were there before. */
  const sweptTwice = async () => {
    for (const probe of [1, 2].map((n) => `probe-${n}-${randomUUID()}`)) {
      connection.publish(`notify.${probe}.misspelt.x`)
      while ((await stream.deadLetters({ tenant: probe, limit: 1 })).length === 0) await delay(100)
    }
  }
  const firstOfEach = [...cluster.hubs.slice(0, 1), ...cluster.dispatchers.slice(0, 1)]
  return {
    hubs: cluster.hubs.map(({ url }) => url),
    natsUrl: world.urls.nats,
    begin: async () => {},
    rest: sweptTwice,
    kept: (use) => use({ store, stream, owners }),
    backlog: async () => [...(await stream.backlog()).values()].reduce((sum, each) => sum + each, 0),
    faults: new Map<string, Fault>([
      ['none', none],
      ['workers', kill9(false, ...firstOfEach)],
      ['redis', kill9(true, world.redis)],
      ['commands', cutCommands(world.redis.port)],
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
