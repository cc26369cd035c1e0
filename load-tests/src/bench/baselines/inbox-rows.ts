import { connectCassandra } from '@carillon/core/store/cassandra'
import type { ItemContent } from '@carillon/schemas'

const RETENTION_S = 90 * 86_400
const TABLE = 'bench_inbox'
/** The time limit of schema changes. */
const SCHEMA = { prepare: false, readTimeout: 60_000 }

/** Drops the table. */
export const dropInboxRows = async (url: string): Promise<void> => {
  const { client, keyspace } = connectCassandra(url)
  await client.execute(`DROP TABLE IF EXISTS ${keyspace}.${TABLE}`, [], SCHEMA)
  await client.shutdown()
}

/**
 * Opens a table of the same shape as that of inbox items, with bare cassandra-driver and Carillon's client options: prepared,
 * LOCAL_QUORUM.
 */
export const openInboxRows = async (url: string) => {
  const { client, keyspace } = connectCassandra(url)
  const table = `${keyspace}.${TABLE}`
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
  return {
    insert: async (user: string, content: ItemContent): Promise<void> => {
      const now = Date.now()
      const row = ['bench', user, 600, content.id, JSON.stringify(content), now + RETENTION_S * 1_000]
      await client.execute(query, [...row, now * 1_000, RETENTION_S], { prepare: true })
    },
    close: () => client.shutdown(),
  }
}
