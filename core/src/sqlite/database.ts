import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Libsql from 'libsql'

/** How long one commit may go on collecting work, so that the event loop stays responsive. */
const COMMIT_BUDGET_MS = 20

/** One SQLite file in WAL mode, opened by one process. Reads go to `handle`, writes through `write`. */
export type Database = {
  handle: Libsql.Database
  /**
   * Runs `work`, whose statements are all synchronous, together with all other work waiting in this turn of the
   * event loop, in one transaction, and resolves after the commit is on disk. Work must be repeatable: if another
   * piece fails, the transaction is rolled back and each piece runs in a transaction of its own.
   */
  write<T>(work: () => T): Promise<T>
  /** Commits what waits, then closes the file. */
  close(): Promise<void>
}

type Waiting = { work: () => unknown; resolve: (value: unknown) => void; reject: (error: unknown) => void }

/** Opens or creates the file (`:memory:` for none). Every commit is synced: group commit makes that affordable. */
export const openDatabase = (path: string): Database => {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const handle = new Libsql(path)
  handle.exec('PRAGMA journal_mode = WAL')
  handle.exec('PRAGMA synchronous = FULL')
  handle.exec('PRAGMA busy_timeout = 5000')
  // 64 MiB of pages, and a checkpoint every 32 MiB of log: inboxes are written at random places.
  handle.exec('PRAGMA cache_size = -65536')
  handle.exec('PRAGMA wal_autocheckpoint = 8000')

  let waiting: Waiting[] = []
  let closed = false

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

  const commit = () => {
    const batch = waiting
    waiting = []
    let done = 0
    try {
      const results = transaction(() => {
        const results: unknown[] = []
        const deadline = performance.now() + COMMIT_BUDGET_MS
        while (done < batch.length && (done === 0 || performance.now() < deadline))
          results.push(batch[done++]!.work())
        return results
      })
      for (const [index, result] of results.entries()) batch[index]!.resolve(result)
    } catch {
      for (const { work, resolve, reject } of batch.slice(0, done)) {
        try {
          resolve(transaction(work))
        } catch (error) {
          reject(error)
        }
      }
    }
    if (done < batch.length) {
      waiting = [...batch.slice(done), ...waiting]
      setImmediate(commit)
    }
  }

  return {
    handle,
    write: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) return reject(new Error('the database is closed'))
        if (waiting.push({ work, resolve: resolve as (value: unknown) => void, reject }) === 1)
          setImmediate(commit)
      }),
    close: async () => {
      if (closed) return
      closed = true
      while (waiting.length > 0) commit()
      handle.close()
    },
  }
}
