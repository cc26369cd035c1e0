import Libsql from 'libsql'
import type { Seal } from '../security/seal.ts'
import { makePrivate } from './file-modes.ts'
import { type Durability, groupCommit } from './group-commit.ts'
import { recordInstallation, requireFileLayout } from './installation.ts'
import { openWal } from './wal.ts'

/** Maximum length of the write-ahead log, in bytes. */
const WAL_BYTES_MAX = 64 * 1_024 * 1_024
/** Maximum number of waiting writes. Further ones are rejected, so that memory is bounded. */
const WAITING_MAX = 10_000

/** One SQLite file in WAL mode, opened by one process. Reads go to `handle`, writes through `write`. */
export type Database = {
  handle: Libsql.Database
  /** The namespace of the installation that owns the file. */
  namespace: string
  /**
   * Runs `work` in one transaction with all other work in this turn of the event loop (group commit), in call
   * order. Resolves when it is as durable as requested. Work must be synchronous and repeatable: if one piece
   * fails, the transaction is rolled back and each piece runs in its own.
   *
   * While the write-ahead log is full, writes wait for its checkpoint. Rejects with `SQLITE_BUSY` if too many
   * writes are waiting.
   */
  write<T>(work: () => T, durability?: Durability): Promise<T>
  /** Resolves when everything committed so far is on disk. Rejects if the disk refuses. */
  synced(): Promise<void>
  /** Returns the length of the write-ahead log in bytes; 0 without a file. */
  walBytes(): number
  /**
   * Rejects if the file cannot be read, or if the disk is full: after a write that failed for lack of space,
   * it attempts another write.
   */
  check(): Promise<void>
  /** Commits waiting writes, then closes the file. */
  close(): Promise<void>
}

const PROBE = `
  CREATE TABLE IF NOT EXISTS probe (content BLOB);
  INSERT INTO probe VALUES (zeroblob(16384))`

/**
 * Opens or creates the file (`:memory:` for a database in memory). `namespace` and a check value of the
 * secret are recorded in a new file. Throws SetupError if the file has another layout, without touching it,
 * or another namespace, or if `seal` is given and has another secret.
 */
export const openDatabase = (
  path: string,
  {
    namespace: wanted,
    seal,
    walBytesMax = WAL_BYTES_MAX,
    waitingMax = WAITING_MAX,
  }: { namespace?: string; seal?: Seal; walBytesMax?: number; waitingMax?: number } = {},
): Database => {
  if (path !== ':memory:') {
    requireFileLayout(path)
    makePrivate(path)
  }
  const handle = new Libsql(path)
  handle.exec('PRAGMA busy_timeout = 5000')
  let namespace: string
  try {
    namespace = recordInstallation(handle, path, { wanted, seal })
  } catch (error) {
    handle.close()
    throw error
  }
  handle.exec('PRAGMA journal_mode = WAL')
  // 64 MiB of pages, because inboxes are written at random places.
  handle.exec('PRAGMA cache_size = -65536')
  // wal.ts syncs and checkpoints outside the event loop.
  handle.exec('PRAGMA synchronous = NORMAL')
  handle.exec('PRAGMA wal_autocheckpoint = 0')
  // Truncates a log that a reader in another process let grow beyond its bound.
  handle.exec(`PRAGMA journal_size_limit = ${walBytesMax}`)
  const wal = path === ':memory:' ? undefined : openWal(path, { bytesMax: walBytesMax })

  const { write, isDiskFull, ...commits } = groupCommit(handle, wal, waitingMax)
  let closed = false

  /** Writes and removes as much data as a typical notification. */
  const probe = async () => {
    await write(() => handle.exec(PROBE))
    await write(() => handle.exec('DROP TABLE probe'))
  }

  return {
    handle,
    namespace,
    write,
    synced: () =>
      new Promise((resolve, reject) => {
        if (!wal) return resolve()
        wal.sync((failed) => (failed ? reject(failed) : resolve()))
      }),
    walBytes: () => wal?.bytes() ?? 0,
    check: async () => {
      handle.prepare('SELECT 1').get()
      if (isDiskFull()) await probe()
    },
    close: async () => {
      if (closed) return
      closed = true
      commits.close()
      await wal?.close()
      handle.close()
    },
  }
}
