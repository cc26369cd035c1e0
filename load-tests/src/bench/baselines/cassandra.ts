import { connectCassandra } from '@carillon/core/store/cassandra'
import { serve } from '../child.ts'
import { clock } from '../machine.ts'
import { contentFor, userOf } from '../payload.ts'

type Options = { url: string; seconds: number; users: number }

const IN_FLIGHT = 256
const RETENTION_S = 90 * 86_400
const TABLE = 'bench_inbox'
/** The time limit of schema changes. */
const SCHEMA = { prepare: false, readTimeout: 60_000 }

/**
 * Inserts rows of inbox items with bare cassandra-driver and Carillon's client options: prepared, LOCAL_QUORUM, into a table
 * of the same shape. Returns rows per second.
 */
const insert = async ({ url, seconds, users }: Options): Promise<number> => {
  const { client, keyspace } = connectCassandra(url)
  const table = `${keyspace}.${TABLE}`
  try {
    await client.execute(
      `CREATE TABLE IF NOT EXISTS ${table} (
         tenant text, user text, month int, id uuid,
         content text, expires_at timestamp,
         received_at timestamp, seen_at timestamp, read_at timestamp, archived_at timestamp, snoozed_until timestamp,
         acted map<text, timestamp>,
         PRIMARY KEY ((tenant, user, month), id)
       ) WITH CLUSTERING ORDER BY (id DESC)
         AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
      [],
      SCHEMA,
    )
    const query = `INSERT INTO ${table} (tenant, user, month, id, content, expires_at) VALUES (?, ?, ?, ?, ?, ?)
      USING TIMESTAMP ? AND TTL ?`
    const run = Date.now()
    const start = clock()
    const until = start + seconds * 1_000
    let n = 0
    const worker = async () => {
      while (clock() < until) {
        const content = contentFor({ run, n, at: 0 })
        const user = userOf(n++ % users)
        const now = Date.now()
        const row = ['bench', user, 600, content.id, JSON.stringify(content), now + RETENTION_S * 1_000]
        await client.execute(query, [...row, now * 1_000, RETENTION_S], { prepare: true })
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
    return (n * 1_000) / (clock() - start)
  } finally {
    await client.shutdown()
  }
}

/** Drops the table. */
const drop = async (url: string) => {
  const { client, keyspace } = connectCassandra(url)
  await client.execute(`DROP TABLE IF EXISTS ${keyspace}.${TABLE}`, [], SCHEMA)
  await client.shutdown()
}

const calls = { insert, drop }
export type BareCassandra = typeof calls
serve(calls)
