import Libsql from 'libsql'
import type { Seal } from '../security/seal.ts'
import { recordInstallation, requireFileLayout } from './installation.ts'
import { makePrivate } from './private.ts'
import { openWal } from './wal.ts'

/** Time budget of one commit, so that the event loop stays responsive. */
const COMMIT_BUDGET_MS = 20

/** Maximum length of the write-ahead log, in bytes. */
const WAL_BYTES_MAX = 64 * 1_024 * 1_024
/** Maximum number of waiting writes. Further ones are rejected, so that memory is bounded. */
const WAITING_MAX = 10_000

/**
 * When a write resolves. `synced`: it is on disk. `committed`: it survives a crash of the process; a power failure may undo
 * it together with all later writes, so use it for work that is then repeated.
 */
export type Durability = 'synced' | 'committed'

/** One SQLite file in WAL mode, opened by one process. Reads go to `handle`, writes through `write`. */
export type Database = {
  handle: Libsql.Database
  /** The namespace of the installation that owns the file. */
  namespace: string
  /**
   * Runs `work` in one transaction with all other work of this turn of the event loop (group commit), in call order.
   * Resolves when it is as durable as requested. Work must be synchronous and repeatable: if another piece fails, the
   * transaction is rolled back and each piece runs in its own.
   *
   * While the write-ahead log is full, writes wait for its checkpoint. Rejects with `SQLITE_BUSY` if too many wait.
   */
  write<T>(work: () => T, durability?: Durability): Promise<T>
  /** Returns the length of the write-ahead log in bytes; 0 without a file. */
  walBytes(): number
  /**
   * Rejects if the file cannot be read, or if the disk is full: after a write that failed for lack of space, it tries
   * another.
   */
  check(): Promise<void>
  /** Commits waiting writes, then closes the file. */
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

/** An SQLite error code, so that callers treat it as temporary. */
const tooMany = (count: number) =>
  Object.assign(new Error(`${count} writes are waiting for the disk`), { code: 'SQLITE_BUSY' })

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
  // 64 MiB of pages, because inboxes are written at random places.
  handle.exec('PRAGMA cache_size = -65536')
  // wal.ts syncs and checkpoints outside the event loop.
  handle.exec('PRAGMA synchronous = NORMAL')
  handle.exec('PRAGMA wal_autocheckpoint = 0')
  // Truncates a log that a reader in another process let grow beyond its bound.
  handle.exec(`PRAGMA journal_size_limit = ${walBytesMax}`)
  const wal = path === ':memory:' ? undefined : openWal(path, { bytesMax: walBytesMax })

  let waiting: Waiting[] = []
  let closed = false
  /** The last write failed because the disk is full. */
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

  /** Runs as much of `batch` as the budget allows, in order. */
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

  /** Writes and removes as much as a typical notification. */
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
