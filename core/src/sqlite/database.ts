import Libsql from 'libsql'
import type { Seal } from '../security/seal.ts'
import { recordInstallation, requireFileLayout } from './installation.ts'
import { makePrivate } from './private.ts'
import { openWal } from './wal.ts'

/** How long one commit may go on collecting work, so that the event loop stays responsive. */
const COMMIT_BUDGET_MS = 20

/** How long the write-ahead log may grow, in bytes. */
const WAL_BYTES_MAX = 64 * 1_024 * 1_024
/** How many writes may wait for their commit. Further ones are refused, so that memory is bounded too. */
const WAITING_MAX = 10_000

/**
 * When a write is done. `synced`: it is on disk, whatever happens. `committed`: the process may be killed, but should
 * the power fail it may be undone, together with every write after it; for work that is then done again.
 */
export type Durability = 'synced' | 'committed'

/** One SQLite file in WAL mode, opened by one process. Reads go to `handle`, writes through `write`. */
export type Database = {
  handle: Libsql.Database
  /** Of the installation that the file belongs to. */
  namespace: string
  /**
   * Runs `work`, whose statements are all synchronous, together with all other work waiting in this turn of the
   * event loop, in the order in which it was handed in, in one transaction. Resolves when it is as durable as asked.
   * Work must be repeatable: if another piece fails, the transaction is rolled back and each piece runs in a
   * transaction of its own.
   *
   * While the write-ahead log is full, writes wait until it has been checkpointed. Rejects with `SQLITE_BUSY` if too many
   * wait already.
   */
  write<T>(work: () => T, durability?: Durability): Promise<T>
  /** The length of the write-ahead log, in bytes. 0 without a file. */
  walBytes(): number
  /**
   * Rejects if the file cannot be read, or if there is no room to write: after a write that failed for lack of room, it
   * tries one itself.
   */
  check(): Promise<void>
  /** Commits what waits, then closes the file. */
  close(): Promise<void>
}

type Waiting = {
  work: () => unknown
  durability: Durability
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

const PROBE = `
  CREATE TABLE IF NOT EXISTS probe (content BLOB);
  INSERT INTO probe VALUES (zeroblob(16384))`

/** In SQLite's own terms, so that callers know it as temporary. */
const tooMany = (count: number) =>
  Object.assign(new Error(`${count} writes wait for the disk already`), { code: 'SQLITE_BUSY' })

/**
 * Opens or creates the file (`:memory:` for none). `namespace` and a check value of the secret are recorded in a new file.
 * Throws SetupError if the file has another layout, without touching it, or another namespace, or if `seal` is given and
 * has another secret.
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
  // 64 MiB of pages: inboxes are written at random places.
  handle.exec('PRAGMA cache_size = -65536')
  // The write-ahead log sees to both, off the event loop.
  handle.exec('PRAGMA synchronous = NORMAL')
  handle.exec('PRAGMA wal_autocheckpoint = 0')
  // What a reader in another process made the log grow beyond its bound is given back.
  handle.exec(`PRAGMA journal_size_limit = ${walBytesMax}`)
  const wal = path === ':memory:' ? undefined : openWal(path, { bytesMax: walBytesMax })

  let waiting: Waiting[] = []
  let closed = false
  /** The last write failed because there was no room. */
  let full = false
  const note = (error: unknown) => {
    full = error instanceof Error && 'code' in error && error.code === 'SQLITE_FULL'
  }

  const transaction = <T>(work: () => T): T => {
    handle.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      handle.exec('COMMIT')
      return result
    } catch (error) {
      if (handle.inTransaction) handle.exec('ROLLBACK')
      throw error
    }
  }

  type Outcome = Waiting & ({ result: unknown } | { error: unknown })
  const settle = (outcomes: readonly Outcome[], failed: Error | null = null) => {
    for (const outcome of outcomes)
      if (failed) outcome.reject(failed)
      else if ('error' in outcome) outcome.reject(outcome.error)
      else outcome.resolve(outcome.result)
  }

  /** Runs from the front of `batch` what there is time for. */
  const run = (batch: readonly Waiting[]): Outcome[] => {
    const outcomes: Outcome[] = []
    let tried = 0
    try {
      transaction(() => {
        const deadline = performance.now() + COMMIT_BUDGET_MS
        while (tried < batch.length && (tried === 0 || performance.now() < deadline)) {
          const each = batch[tried++]!
          outcomes.push({ ...each, result: each.work() })
        }
      })
      return outcomes
    } catch {
      return batch.slice(0, tried).map((each) => {
        try {
          return { ...each, result: transaction(each.work) }
        } catch (error) {
          return { ...each, error }
        }
      })
    }
  }

  const commit = () => {
    const held = closed ? undefined : wal?.held()
    if (held) {
      void held.then(commit)
      return
    }
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    const refusal = wal?.refusal()
    if (refusal) {
      note(refusal)
      for (const { reject } of batch) reject(refusal)
      return
    }
    const outcomes = run(batch)
    for (const outcome of outcomes) note('error' in outcome ? outcome.error : undefined)
    wal?.wrote()
    const synced = wal ? outcomes.filter(({ durability }) => durability === 'synced') : []
    if (synced.length > 0) wal?.sync((failed) => settle(synced, failed))
    settle(wal ? outcomes.filter(({ durability }) => durability === 'committed') : outcomes)
    if (outcomes.length < batch.length) {
      waiting = [...batch.slice(outcomes.length), ...waiting]
      setImmediate(commit)
    }
  }

  const write = <T>(work: () => T, durability: Durability = 'synced') =>
    new Promise<T>((resolve, reject) => {
      if (closed) return reject(new Error('the database is closed'))
      if (waiting.length >= waitingMax) return reject(tooMany(waitingMax))
      if (waiting.push({ work, durability, resolve: resolve as (value: unknown) => void, reject }) === 1)
        setImmediate(commit)
    })

  /** Writes as much as a notification of ordinary size takes, and removes it again. */
  const probe = async () => {
    await write(() => handle.exec(PROBE))
    await write(() => handle.exec('DROP TABLE probe'))
  }

  return {
    handle,
    namespace,
    write,
    walBytes: () => wal?.bytes() ?? 0,
    check: async () => {
      handle.prepare('SELECT 1').get()
      if (full) await probe()
    },
    close: async () => {
      if (closed) return
      closed = true
      while (waiting.length > 0) commit()
      await wal?.close()
      handle.close()
    },
  }
}
