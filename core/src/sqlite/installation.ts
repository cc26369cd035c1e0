import { closeSync, openSync, readSync } from 'node:fs'
import type Libsql from 'libsql'
import { LAYOUT, requireLayout } from '../installation/layout.ts'
import { newNamespace, requireNamespace } from '../installation/namespace.ts'
import { requireSecret, secretCheckOf } from '../installation/secret.ts'
import type { Seal } from '../security/seal.ts'

/** `PRAGMA application_id` of Carillon's files: "Cari". */
const APPLICATION_ID = 0x43617269

/** https://sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100
const USER_VERSION_AT = 60
const APPLICATION_ID_AT = 68

const headerOf = (path: string): Buffer | undefined => {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    return readSync(file, header, 0, HEADER_BYTES, 0) === 0 ? undefined : header
  } finally {
    closeSync(file)
  }
}

/**
 * Throws SetupError unless the file is missing, empty, or a Carillon database of this layout. Reads the header without
 * SQLite, which creates files even when it opens a database for reading.
 */
export const requireFileLayout = (path: string): void => {
  const header = headerOf(path)
  if (!header) return
  const ours = header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID
  requireLayout(
    `the data file ${path}`,
    ours ? header.readUInt32BE(USER_VERSION_AT) : undefined,
    'Move its directory away, or choose another one with CARILLON_DATA_DIR or --data',
  )
}

type Row = { namespace: string; secret_check: string | null }

/**
 * Returns the namespace recorded in an open file. A new file is recorded under `wanted`, or a random
 * namespace. Call it before the file is switched to WAL mode, so that the layout is in the header before
 * anything else is stored. Throws SetupError if the recorded namespace differs from `wanted`, or if the
 * secret differs. Without `seal`, the secret is not checked.
 */
export const recordInstallation = (
  handle: Libsql.Database,
  path: string,
  { wanted, seal }: { wanted?: string; seal?: Seal } = {},
): string => {
  const where = `the data file ${path}`
  const read = () => handle.prepare('SELECT * FROM installation').get() as Row | undefined
  const accept = ({ namespace, secret_check }: Row): string => {
    requireNamespace(where, namespace, wanted)
    if (seal && secret_check !== null) requireSecret(where, { namespace, secretCheck: secret_check }, seal)
    return namespace
  }
  const exists = handle.prepare("SELECT 1 FROM sqlite_master WHERE name = 'installation'").get() !== undefined
  const known = exists ? read() : undefined
  if (known && (known.secret_check !== null || !seal)) return accept(known)
  handle.exec('BEGIN IMMEDIATE')
  handle.exec('CREATE TABLE IF NOT EXISTS installation (namespace TEXT NOT NULL, secret_check TEXT)')
  // Another process may have recorded it in between.
  const recorded = read()
  const namespace = recorded?.namespace ?? wanted ?? newNamespace()
  const row = {
    namespace,
    secret_check: recorded?.secret_check ?? (seal ? secretCheckOf(seal, namespace) : null),
  }
  handle.exec('DELETE FROM installation')
  handle.prepare('INSERT INTO installation VALUES (?, ?)').run(row.namespace, row.secret_check)
  handle.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  handle.exec(`PRAGMA user_version = ${LAYOUT}`)
  handle.exec('COMMIT')
  return accept(row)
}
