import { randomBytes, randomUUID } from 'node:crypto'
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
import { cutCommandsFault, type Environment, type Fault, killFault, noFault } from './environment.ts'

/** Short, because each month of retention adds a partition to read. */
const RETENTION = 24 * 3_600_000

/** Starts NATS and Redis, and uses a new keyspace of a running Cassandra. `url` names the keyspace's prefix. */
const startBesideCassandra = async (url: string) => {
  const cassandra = url.replace(/(?=\?|$)/, `_${randomBytes(4).toString('hex')}`)
  const dir = await mkdtemp(join(tmpdir(), 'carillon-consistency-'))
  const [nats, redis] = await Promise.all([startNats({ dir }), startRedis()])
  const stop = async () => {
    await Promise.all([nats.stop(), redis.stop()])
    await rm(dir, { recursive: true, force: true })
  }
  return { nats, redis, cassandra: undefined, urls: { nats: nats.url, redis: redis.url, cassandra }, stop }
}

/** Starts two hubs and two dispatchers with their own NATS and Redis, and their own Cassandra unless a URL is given. */
export const clusterEnvironment = async (cassandraUrl?: string): Promise<Environment> => {
  const world = await (cassandraUrl === undefined
    ? raiseWorld({ kind: 'brief' })
    : startBesideCassandra(cassandraUrl))
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
  const connection = await connectNats(world.urls.nats, 'consistency')
  const namespace = (await store.namespace()) ?? ''
  const stream = await jetstreamStream({ connection, namespace })
  const usersWithItems = async (tenant: string) => {
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
    ? [['cassandra', { apiAvailable: true, inject: () => database.stop(), heal: () => database.restart() }]]
    : []
  /** Waits for two sweeps of unroutable messages, one after the other, so that all earlier ones are dead letters. */
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
    start: async () => {},
    pause: async () => {},
    swept: sweptTwice,
    inspect: (use) => use({ store, stream, usersWithItems }),
    backlog: async () => [...(await stream.backlog()).values()].reduce((sum, count) => sum + count, 0),
    faults: new Map<string, Fault>([
      ['none', noFault],
      ['workers', killFault(false, ...firstOfEach)],
      ['redis', killFault(true, world.redis)],
      ['commands', cutCommandsFault(world.redis.port)],
      ['nats', killFault(false, world.nats)],
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
