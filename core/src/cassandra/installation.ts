import { errors, types } from 'cassandra-driver'
import { type Installation, LAYOUT, requireLayout } from '../installation/layout.ts'
import { newNamespace, requireNamespace } from '../installation/namespace.ts'
import type { CassandraConnection } from './connection.ts'

/** The table that marks a keyspace as Carillon's. It is created before any other. */
export const INSTALLATION_TABLE = {
  name: 'installation',
  columns: 'part text PRIMARY KEY, layout int, namespace text, made_at timestamp',
} as const

const READ = { prepare: false, consistency: types.consistencies.quorum }
const CLAIM = { prepare: false, isIdempotent: false, consistency: types.consistencies.quorum }

/** How messages name the keyspace. */
export const whereOf = (keyspace: string) => `the keyspace ${keyspace}`
const REMEDY = 'Drop the keyspace, or name another one in CARILLON_CASSANDRA_URL'

const tablesOf = async ({ client, keyspace }: CassandraConnection): Promise<string[]> => {
  const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?'
  const { rows } = await client.execute(query, [keyspace], { prepare: false })
  return rows.map((row) => String(row.table_name))
}

/** Undefined when the keyspace or the table is not there. */
const recordOf = async ({ client, keyspace }: CassandraConnection) => {
  const query = `SELECT layout, namespace FROM ${keyspace}.${INSTALLATION_TABLE.name} WHERE part = 'store'`
  try {
    return (await client.execute(query, [], READ)).rows
  } catch (error) {
    if (error instanceof errors.ResponseError && error.code === types.responseErrorCodes.invalid)
      return undefined
    throw error
  }
}

/**
 * Returns what is on record in the keyspace; undefined for a new one, or one that is being made. Only reads. Throws
 * SetupError for a keyspace of another layout, and for one with tables but no record.
 */
export const readInstallation = async (
  connection: CassandraConnection,
): Promise<Installation | undefined> => {
  const where = whereOf(connection.keyspace)
  let rows = await recordOf(connection)
  if (!rows) {
    const tables = await tablesOf(connection)
    if (tables.length > 0 && !tables.includes(INSTALLATION_TABLE.name))
      requireLayout(where, undefined, REMEDY)
    // Another process may have created the table between the two requests.
    rows = await recordOf(connection)
  }
  const row = rows?.[0]
  if (!row) return undefined
  const layout = Number(row.layout)
  requireLayout(where, layout, REMEDY)
  return { layout, namespace: String(row.namespace) }
}

/**
 * Records the installation, once for all processes that try at the same time, and returns its namespace: the one on
 * record, else `wanted`, else a random one. Throws SetupError if the one on record is not `wanted`.
 */
export const recordInstallation = async (
  connection: CassandraConnection,
  wanted: string | undefined,
): Promise<string> => {
  const { client, keyspace } = connection
  const proposed = wanted ?? newNamespace()
  const result = await client.execute(
    `INSERT INTO ${keyspace}.${INSTALLATION_TABLE.name} (part, layout, namespace, made_at)
     VALUES ('store', ${LAYOUT}, ?, ?) IF NOT EXISTS`,
    [proposed, new Date()],
    CLAIM,
  )
  const namespace = result.wasApplied() ? proposed : String(result.first().namespace)
  requireNamespace(whereOf(keyspace), namespace, wanted)
  return namespace
}
