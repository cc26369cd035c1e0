import { hash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { errors, types } from 'cassandra-driver'
import type { CassandraConnection } from '../../cassandra/connection.ts'
import {
  INSTALLATION_TABLE,
  readInstallation,
  recordInstallation,
  whereOf,
} from '../../cassandra/installation.ts'
import { UnavailableError } from '../../errors.ts'
import { requireNamespace } from '../../installation/namespace.ts'
import { requireSecret } from '../../installation/secret.ts'
import type { Seal } from '../../security/seal.ts'
import { translate } from './session.ts'

/**
 * The schema, one statement per step. A released step never changes. A step may run twice if its process
 * crashes, so each uses IF NOT EXISTS.
 *
 * Inbox: UnifiedCompaction drops SSTables whose rows have all expired, even if state changes were written
 * late. gc_grace_seconds stays at ten days: a tombstone must outlive every redelivery (the event log keeps
 * three days), and repairs must run more often than that. A row of the inbox with the place 0 is an item; any
 * other row records only that an item arrived at that place. A row of inbox_groups records the same for an item with a group,
 * an entity or a display. The guide is small and read with every request, so its tombstones must not accumulate. A removed
 * row that reappears is harmless.
 */
export const MIGRATIONS: readonly ((table: (name: string) => string) => string)[] = [
  (table) => `CREATE TABLE IF NOT EXISTS ${table('inbox')} (
    tenant text, user text, month int, place bigint, id uuid,
    stored_at bigint, expires_at bigint, labels text, content text, ref text,
    received_at bigint, seen_at bigint, read_at bigint, archived_at bigint, snoozed_until bigint,
    acted map<text, timestamp>,
    PRIMARY KEY ((tenant, user, month), place, id)
  ) WITH CLUSTERING ORDER BY (place DESC, id DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('inbox_guide')} (
    tenant text, user text, kind text, key text, value text,
    PRIMARY KEY ((tenant, user), kind, key)
  ) WITH gc_grace_seconds = 3600
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('contents')} (
    tenant text, notification text, rendering text, content text, recalled_at bigint,
    PRIMARY KEY ((tenant, notification), rendering)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('recipients')} (
    tenant text, notification text, part int, page text, accepted_at bigint, users text,
    PRIMARY KEY ((tenant, notification, part), page)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('users')} (
    tenant text, slot int, user text, known boolean, profile map<text, text>,
    PRIMARY KEY ((tenant, slot), user))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('erasures')} (
    tenant text, slot int, key text, erased_at bigint, lifted_at bigint,
    PRIMARY KEY ((tenant, slot), key))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('topic_members')} (
    tenant text, topic text, slot int, user text,
    PRIMARY KEY ((tenant, topic), slot, user))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('memberships')} (
    tenant text, user text, topic text,
    PRIMARY KEY ((tenant, user), topic))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('tenants')} (
    list int, id text, secrets text, created_at text, settings text, limits text,
    PRIMARY KEY (list, id))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('api_keys')} (
    tenant text, id text, content text,
    PRIMARY KEY (tenant, id))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('types')} (
    tenant text, key text, version int, content text, published_at timestamp,
    PRIMARY KEY ((tenant, key), version)
  ) WITH CLUSTERING ORDER BY (version DESC)`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('type_keys')} (
    tenant text, key text,
    PRIMARY KEY (tenant, key))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('notifications')} (
    tenant text, bucket bigint, id text,
    records map<text, text>, progress map<int, int>, finished set<int>, cancelled_at timestamp,
    PRIMARY KEY ((tenant, bucket), id)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('notification_hours')} (
    tenant text, year int, hour int,
    PRIMARY KEY ((tenant, year), hour)
  ) WITH CLUSTERING ORDER BY (hour DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('notification_buckets')} (
    tenant text, hour int, bucket bigint, dated boolean, pointed boolean,
    PRIMARY KEY ((tenant, hour), bucket)
  ) WITH CLUSTERING ORDER BY (bucket DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('notification_pointers')} (
    tenant text, bucket bigint, at bigint, id text,
    PRIMARY KEY ((tenant, bucket), at, id)
  ) WITH CLUSTERING ORDER BY (at DESC, id DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('notification_absentees')} (
    tenant text, user text, month int, at bigint, id text,
    PRIMARY KEY ((tenant, user, month), at, id)
  ) WITH CLUSTERING ORDER BY (at DESC, id DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('claims')} (
    tenant text, id text, acceptances text,
    PRIMARY KEY ((tenant, id))
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('devices')} (
    tenant text, slot int, user text, id text, content text,
    PRIMARY KEY ((tenant, slot), user, id))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('device_holders')} (
    tenant text, target text, user text, id text, at bigint,
    PRIMARY KEY ((tenant, target)))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('accounts')} (
    tenant text, id text, content text,
    PRIMARY KEY (tenant, id))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('suppressions')} (
    tenant text, slot int, key text, content text,
    PRIMARY KEY ((tenant, slot), key))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('deliveries')} (
    tenant text, notification text, part int, user text, step int, device text,
    channel text, attempt int, provider text, provider_id text, reason text, detail text, next_attempt timestamp,
    requested_at timestamp, queued_at timestamp, skipped_at timestamp, in_doubt_at timestamp, sent_at timestamp,
    failed_at timestamp, delivered_at timestamp, seen_at timestamp, read_at timestamp, clicked_at timestamp,
    PRIMARY KEY ((tenant, notification, part), user, step, device)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('decisions')} (
    tenant text, notification text, part int, user text, place text, decision text,
    PRIMARY KEY ((tenant, notification, part), user, place)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('acquisitions')} (
    tenant text, hour int, slot int, key text, value text,
    PRIMARY KEY ((tenant, hour, slot), key)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('expiring_keys')} (
    tenant text, key text, value text,
    PRIMARY KEY ((tenant, key))
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('preferences')} (
    tenant text, slot int, user text, context text, path text, value text,
    PRIMARY KEY ((tenant, slot), user, context, path)
  )`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('preference_changes')} (
    tenant text, user text, time bigint, path text, via text, author text, value text,
    PRIMARY KEY ((tenant, user), time, path)
  ) WITH CLUSTERING ORDER BY (time DESC, path ASC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `ALTER TABLE ${table('deliveries')} ADD IF NOT EXISTS passed text`,
  (table) => `ALTER TABLE ${table('types')} ADD IF NOT EXISTS published_by text`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('type_drafts')} (
    tenant text, key text, content text, revision text,
    PRIMARY KEY ((tenant, key))
  )`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('categories')} (
    tenant text, key text, content text,
    PRIMARY KEY ((tenant), key)
  )`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('contexts')} (
    tenant text, slot int, key text, content text,
    PRIMARY KEY ((tenant, slot), key))`,
  (table) => `ALTER TABLE ${table('users')} ADD IF NOT EXISTS reported map<text, text>`,
  (table) => `ALTER TABLE ${table('preference_changes')} ADD IF NOT EXISTS context text`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('attachments')} (
    tenant text, id text, filename text, content_type text, size bigint, chunks int, created_at bigint,
    expires_at bigint,
    PRIMARY KEY ((tenant), id)
  )`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('attachment_chunks')} (
    tenant text, id text, part int, bytes blob,
    PRIMARY KEY ((tenant, id), part)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('library')} (
    tenant text, revision int, tree text, kind text, key text, deleted boolean, at timestamp, author text,
    PRIMARY KEY ((tenant), revision)
  ) WITH CLUSTERING ORDER BY (revision DESC)`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('library_texts')} (
    tenant text, hash text, content text,
    PRIMARY KEY ((tenant, hash))
  )`,
  (table) => `ALTER TABLE ${table('deliveries')} ADD IF NOT EXISTS variant text`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('variant_figures')} (
    tenant text, type text, variant text, figure text, register int, rank int,
    PRIMARY KEY ((tenant, type, variant, figure), register)
  )`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('inbox_groups')} (
    tenant text, user text, name text, place bigint, id uuid,
    PRIMARY KEY ((tenant, user), name, place, id)
  ) WITH CLUSTERING ORDER BY (name ASC, place DESC, id DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('digests')} (
    tenant text, user text, window text, member text, id text, collected boolean, at bigint, step text,
    opens_at bigint, closes_at bigint, opener text, about text, size int,
    PRIMARY KEY ((tenant, user), window, member)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('schedules')} (
    tenant text, id text, content text,
    PRIMARY KEY (tenant, id))`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('throttles')} (
    tenant text, user text, key text, takers text, version text,
    PRIMARY KEY ((tenant, user), key)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('cancel_keys')} (
    tenant text, key text, at bigint, notification text, cancelled_at bigint static, passed text static,
    PRIMARY KEY ((tenant, key), at, notification)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `ALTER TABLE ${table('digests')} ADD personal text`,
  (table) => `ALTER TABLE ${table('inbox')} ADD IF NOT EXISTS clicked_at bigint`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('entity_claims')} (
    tenant text, user text, name text, after text, id uuid,
    PRIMARY KEY ((tenant, user), name, after)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('shown_pushes')} (
    tenant text, user text, device text, key text, items frozen<list<text>>, sent_at bigint, withdrawn_at bigint,
    PRIMARY KEY ((tenant, user), device, key)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('labelled')} (
    tenant text, label text, bucket int, at bigint, notification text, context text,
    PRIMARY KEY ((tenant, label, bucket), at, notification)
  ) WITH CLUSTERING ORDER BY (at DESC, notification DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('label_buckets')} (
    tenant text, label text, bucket int,
    PRIMARY KEY ((tenant, label), bucket)
  ) WITH CLUSTERING ORDER BY (bucket DESC)
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('label_recalls')} (
    tenant text, label text, context text, recalled_at bigint,
    PRIMARY KEY ((tenant, label), context)
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `CREATE TABLE IF NOT EXISTS ${table('operations')} (
    tenant text, id text, kind text, created_at bigint, progress text,
    PRIMARY KEY ((tenant, id))
  ) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`,
  (table) => `ALTER TABLE ${table('shown_pushes')} ADD IF NOT EXISTS account text`,
  (table) => `ALTER TABLE ${table('notifications')} ADD IF NOT EXISTS amendments map<text, text>`,
  (table) => `ALTER TABLE ${table('shown_pushes')} ADD IF NOT EXISTS version bigint`,
]

/** Lease of the migration lock. Each step renews it. */
const LEASE_S = 60
const LOOK_AGAIN_MS = 250
const PATIENCE_MS = 3 * 60_000
/** Options of schema changes, which wait for every node. */
const SLOW = { readTimeout: 30_000, prepare: false, consistency: types.consistencies.quorum }
const LOOK = { prepare: false, consistency: types.consistencies.localQuorum }
const CLAIM = { prepare: false, isIdempotent: false, consistency: types.consistencies.quorum }

/** Returns the last applied step; 0 if the keyspace does not exist. */
export const schemaVersion = async ({ client, keyspace }: CassandraConnection): Promise<number> => {
  try {
    const { rows } = await client.execute(
      `SELECT version FROM ${keyspace}.migrations WHERE part = 'store'`,
      [],
      LOOK,
    )
    return Math.max(0, ...rows.map((row) => Number(row.version)))
  } catch (error) {
    // The keyspace or the table does not exist.
    if (error instanceof errors.ResponseError && error.code === types.responseErrorCodes.invalid) return 0
    throw translate(error)
  }
}

/** Returns a fixed id for a table, because concurrent creation must not produce two ids, which Cassandra cannot repair. */
const tableId = (name: string): string =>
  hash('sha256', name, 'hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5')

const prepareKeyspace = async ({ client, keyspace, replication }: CassandraConnection): Promise<void> => {
  const replicas = [...replication].map(([dataCenter, factor]) => `'${dataCenter}': ${factor}`)
  await client.execute(
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace}
     WITH replication = {'class': 'NetworkTopologyStrategy', ${replicas.join(', ')}}`,
    [],
    SLOW,
  )
  for (const { name, columns } of [
    INSTALLATION_TABLE,
    {
      name: 'migrations',
      columns: 'part text, version int, applied_at timestamp, PRIMARY KEY (part, version)',
    },
    { name: 'migration_lock', columns: 'part text PRIMARY KEY, holder uuid' },
  ])
    await client.execute(
      `CREATE TABLE IF NOT EXISTS ${keyspace}.${name} (${columns}) WITH ID = ${tableId(`${keyspace}.${name}`)}`,
      [],
      SLOW,
    )
}

/**
 * Migrates the keyspace and returns how many steps this call applied. One process at a time holds the lease and applies
 * the steps; others wait for it. A new keyspace gets the namespace `wanted`, or a random one. Throws SetupError, changing
 * nothing, for a keyspace of another layout, namespace or secret.
 */
export const migrate = async (
  connection: CassandraConnection,
  seal: Seal,
  wanted?: string,
): Promise<number> => {
  const { client, keyspace } = connection
  const lock = `${keyspace}.migration_lock`
  const holder = types.Uuid.fromString(randomUUID())
  const current = async () => (await schemaVersion(connection)) >= MIGRATIONS.length
  const claim = async (query: string, params: unknown[]) =>
    (await client.execute(query, params, CLAIM)).wasApplied()
  const take = () =>
    claim(`INSERT INTO ${lock} (part, holder) VALUES ('store', ?) IF NOT EXISTS USING TTL ${LEASE_S}`, [
      holder,
    ])
  const renew = () =>
    claim(`UPDATE ${lock} USING TTL ${LEASE_S} SET holder = ? WHERE part = 'store' IF holder = ?`, [
      holder,
      holder,
    ])
  const release = () => claim(`DELETE FROM ${lock} WHERE part = 'store' IF holder = ?`, [holder])

  const steps = async (): Promise<number> => {
    let applied = 0
    for (let version = (await schemaVersion(connection)) + 1; version <= MIGRATIONS.length; version++) {
      if (!(await renew())) throw new Error('the migration lost its lease; run it again')
      await client.execute(MIGRATIONS[version - 1]?.((name) => `${keyspace}.${name}`) ?? '', [], SLOW)
      const done = `INSERT INTO ${keyspace}.migrations (part, version, applied_at) VALUES ('store', ${version}, ?)`
      await client.execute(done, [new Date()], SLOW)
      applied++
    }
    return applied
  }

  try {
    const found = await readInstallation(connection)
    if (found) {
      requireNamespace(whereOf(keyspace), found.namespace, wanted)
      requireSecret(whereOf(keyspace), found, seal)
    }
    if (found && (await current())) return 0
    await prepareKeyspace(connection)
    if (!found) await recordInstallation(connection, seal, wanted)
    const deadline = performance.now() + PATIENCE_MS
    while (!(await take())) {
      if (await current()) return 0
      if (performance.now() > deadline)
        throw new UnavailableError('store', new Error('another process is migrating the schema'))
      await wait(LOOK_AGAIN_MS)
    }
    try {
      return await steps()
    } finally {
      await release()
    }
  } catch (error) {
    throw translate(error)
  }
}
