import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { connectRedis } from '@carillon/core/redis/connection'
import { createSeal } from '@carillon/core/security/seal'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import { addTenant } from '../consistency/tenants.ts'
import { type Cluster, startCarillon, startCluster } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { startNats, startRedis } from '../rig/servers.ts'
import { type Environment, SETTINGS } from './environment.ts'

const DAY_MS = 24 * 3_600_000

const filesWith = async (dir: string, text: string): Promise<string[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      // NATS replaces small files while we read.
      .map(async ({ parentPath, name }) => {
        const bytes = await readFile(join(parentPath, name)).catch(() => Buffer.alloc(0))
        return bytes.includes(text) ? [name] : []
      }),
  )
  return found.flat()
}

/** Converts a cell of any type to text, without truncation. */
const cellText = (cell: unknown) =>
  inspect(cell, { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: Infinity })

type Cassandra = ReturnType<typeof connectCassandra>

/** Returns the tables that contain a text. */
const tablesWith = async ({ client, keyspace }: Cassandra, text: string): Promise<string[]> => {
  const tables = await client.execute(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?',
    [keyspace],
    { prepare: true },
  )
  const found = await Promise.all(
    tables.rows.map(async ({ table_name: table }) => {
      const rows = await client.execute(`SELECT * FROM ${keyspace}.${table}`, [], { fetchSize: 50_000 })
      const cells = rows.rows.flatMap((row) => row.values() as unknown[])
      const contains = cells.some((cell) => (Buffer.isBuffer(cell) ? cell : cellText(cell)).includes(text))
      return contains ? [String(table)] : []
    }),
  )
  return found.flat()
}

/** Returns the Redis keys that contain a text in their name or value. */
const keysWith = async (url: string, text: string): Promise<string[]> => {
  const redis = await connectRedis(url, () => {})
  try {
    const found = await Promise.all(
      (await redis.keys('*')).map(async (key) => {
        const value = await redis.dumpBuffer(key)
        return key.includes(text) || value?.includes(text) ? [key] : []
      }),
    )
    return found.flat()
  } finally {
    redis.disconnect()
  }
}

/** Starts two hubs and a dispatcher with their own NATS, Redis and keyspace in `cassandraUrl`. */
export const clusterEnvironment = async (
  cassandraUrl: string,
): Promise<Environment & { natsUrl: string }> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-delivery-'))
  const servers = await Promise.all([startNats({ dir }), startRedis()])
  const [nats, redis] = servers
  const urls = { nats: nats.url, redis: redis.url, cassandra: cassandraUrl.replace('?', '_delivery?') }
  const clear = async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await rm(dir, { recursive: true, force: true })
  }
  let cluster: Cluster
  try {
    cluster = await startCluster({ hubs: 2, dispatchers: 1, urls, settings: SETTINGS })
  } catch (error) {
    await clear()
    throw error
  }
  const { hubs, settings } = cluster
  let dispatchers = cluster.dispatchers
  const further: Server[] = []
  const cassandra = connectCassandra(urls.cassandra)
  const seal = createSeal(String(settings.CARILLON_SECRET))
  const store = cassandraStore({ ...cassandra, seal, retention: DAY_MS })
  return {
    natsUrl: nats.url,
    hubs,
    workers: () => dispatchers,
    killWorkers: async () => {
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.kill()))
    },
    replaceWorkers: async () => {
      dispatchers = await Promise.all([1, 2].map(() => startCarillon(['dispatcher'], settings)))
      further.push(...dispatchers)
    },
    tenant: () => addTenant(store, []),
    findText: async (text) => [
      ...(await filesWith(dir, text)),
      ...(await keysWith(redis.url, text)),
      ...(await tablesWith(cassandra, text)),
    ],
    logs: () => [...hubs, ...dispatchers].flatMap((server) => [`── ${server.name}`, ...server.logs()]),
    close: async () => {
      await Promise.all([cluster.stop(), ...further.map((server) => server.stop())])
      await store.close()
      await clear()
    },
  }
}
