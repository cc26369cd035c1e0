import { errors, types } from 'cassandra-driver'
import { type Installation, LAYOUT, requireLayout } from '../installation/layout.ts'
import { newNamespace, requireNamespace } from '../installation/namespace.ts'
import { requireSecret, secretCheckOf } from '../installation/secret.ts'
import type { Seal } from '../security/seal.ts'
import type { CassandraConnection } from './connection.ts'

/** The table that identifies a Carillon keyspace. It is created first. */
export const INSTALLATION_TABLE = {
  name: 'installation',
  columns: 'part text PRIMARY KEY, layout int, namespace text, secret_check text, made_at timestamp',
} as const

const READ = { prepare: false, consistency: types.consistencies.quorum }
const CLAIM = { prepare: false, isIdempotent: false, consistency: types.consistencies.quorum }

/** Returns the name of a keyspace in error messages. */
export const whereOf = (keyspace: string) => `the keyspace ${keyspace}`
const REMEDY = 'Drop the keyspace, or name another one in CARILLON_CASSANDRA_URL'

const tablesOf = async ({ client, keyspace }: CassandraConnection): Promise<string[]> => {
  const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?'
  const { rows } = await client.execute(query, [keyspace], { prepare: false })
  return rows.map((row) => String(row.table_name))
}

/** Reports whether a table does not exist, or cannot be read yet because another process is creating it. */
const isMissing = ({ code, message }: errors.ResponseError): boolean =>
  code === types.responseErrorCodes.invalid ||
  (code === types.responseErrorCodes.serverError && message.includes('Unknown CF'))

/** Returns undefined if the keyspace or the table does not exist. Reads all columns, because an older layout has fewer. */
const recordOf = async ({ client, keyspace }: CassandraConnection) => {
  const query = `SELECT * FROM ${keyspace}.${INSTALLATION_TABLE.name} WHERE part = 'store'`
  try {
    return (await client.execute(query, [], READ)).rows
  } catch (error) {
    if (error instanceof errors.ResponseError && isMissing(error)) return undefined
    throw error
  }
}

/** Reports whether the keyspace exists, with or without tables. */
export const keyspaceExists = async ({ client, keyspace }: CassandraConnection): Promise<boolean> => {
  const query = 'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?'
  return (await client.execute(query, [keyspace], { prepare: false })).rows.length > 0
}

/**
 * Returns the recorded installation of the keyspace; undefined for a keyspace that is new or being created.
 * Read-only. Throws SetupError for a keyspace of another layout, and for one with tables but no record.
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
    // Another process may have created the table in between.
    rows = await recordOf(connection)
  }
  const row = rows?.[0]
  if (!row) return undefined
  const layout = Number(row.layout)
  requireLayout(where, layout, REMEDY)
  return { layout, namespace: String(row.namespace), secretCheck: String(row.secret_check) }
}

/**
 * Records the installation; concurrent calls record it once. Returns the recorded namespace, else `wanted`,
 * else a random one. Throws SetupError if the recorded namespace differs from `wanted`, or if the secret
 * differs.
 */
export const recordInstallation = async (
  connection: CassandraConnection,
  seal: Seal,
  wanted: string | undefined,
): Promise<string> => {
  const { client, keyspace } = connection
  const proposed = wanted ?? newNamespace()
  const result = await client.execute(
    `INSERT INTO ${keyspace}.${INSTALLATION_TABLE.name} (part, layout, namespace, secret_check, made_at)
     VALUES ('store', ${LAYOUT}, ?, ?, ?) IF NOT EXISTS`,
    [proposed, secretCheckOf(seal, proposed), new Date()],
    CLAIM,
  )
  if (result.wasApplied()) return proposed
  const row = result.first()
  const found = { namespace: String(row.namespace), secretCheck: String(row.secret_check) }
  requireNamespace(whereOf(keyspace), found.namespace, wanted)
  requireSecret(whereOf(keyspace), found, seal)
  return found.namespace
}
