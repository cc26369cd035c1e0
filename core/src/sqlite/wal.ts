import AsyncLibsql from 'libsql/promise'
import { openWalFile } from './wal-file.ts'

/** How often a log that grows slowly is written to its place in the file. */
const CHECKPOINT_MS = 500
/** Another process that reads the file keeps the log from beginning anew; it is tried this often. */
const RETRY_MS = 1_000
const CHECKPOINT = 'PRAGMA wal_checkpoint(PASSIVE)'

type Synced = (error: Error | null) => void
/** Moves what the log holds to its place in the file, as far as no reader needs it in the log. */
type Checkpoint = { run(): Promise<void>; close(): void }

const inBackground = (path: string): Checkpoint => {
  const connection = new AsyncLibsql(path, {})
  return { run: () => connection.exec(CHECKPOINT), close: () => connection.close() }
}

/**
 * The write-ahead log of an open SQLite file: what SQLite would do with it on the event loop within a commit
 * (`synchronous = FULL`, the automatic checkpoint), done beside it. https://sqlite.org/wal.html
 *
 * The log stays below `bytesMax`. SQLite begins it anew with the first commit that finds all of it checkpointed, and
 * while writers go on a checkpoint is always a little behind. So from half of the bound on, writers are held for the end
 * of a checkpoint; from three quarters on, for all of it. If checkpoints fail, writes are refused from there on. Only a
 * reader in another process makes the log grow further: holding writers would not help.
 */
export const openWal = (
  path: string,
  { bytesMax, checkpoint = inBackground(path) }: { bytesMax: number; checkpoint?: Checkpoint },
) => {
  const file = openWalFile(path)

  let waiting: Synced[] = []
  let syncing = false
  const sync = () => {
    const batch = waiting
    waiting = []
    syncing = true
    file.sync((error) => {
      syncing = false
      // In SQLite's own terms, so that callers know it as temporary.
      const failure = error && Object.assign(error, { code: 'SQLITE_IOERR_FSYNC' })
      for (const synced of batch) synced(failure)
      if (waiting.length > 0) sync()
    })
  }

  const limit = bytesMax / 2
  const full = (bytesMax * 3) / 4
  let bytes = 0
  let written = false
  let running: Promise<void> | undefined
  let held: Promise<void> | undefined
  let release = () => {}
  let failed: Error | undefined
  let blockedUntil = 0

  const hold = () => {
    held ??= new Promise((resolve) => {
      release = () => {
        held = undefined
        resolve()
      }
    })
  }

  const tend = async () => {
    written = false
    try {
      await checkpoint.run()
      if (file.bytes() >= limit) {
        hold()
        await checkpoint.run()
        // The next commit begins the log anew, or else will be measured as longer than this.
        blockedUntil = performance.now() + RETRY_MS
      }
      failed = undefined
    } catch (error) {
      // Nothing is lost: the log keeps what could not be moved, and the timer tries again.
      failed = error as Error
      written = true
      blockedUntil = performance.now() + RETRY_MS
    }
    release()
    running = undefined
  }

  const timer = setInterval(() => {
    if (written) running ??= tend()
  }, CHECKPOINT_MS).unref()

  return {
    /** The length of the log after the last commit. */
    bytes: () => bytes,
    /** Set while writers have to wait. */
    held: () => held,
    /** Why there is no room for another commit, if there is none. */
    refusal: () => (bytes >= full ? failed : undefined),
    /** To be called after every commit. */
    wrote: () => {
      written = true
      bytes = file.bytes()
      if (bytes < limit) blockedUntil = 0
      else if (performance.now() > blockedUntil) {
        running ??= tend()
        if (bytes >= full && failed === undefined) hold()
      }
    },
    /** Calls back once everything committed before is on disk. One sync serves all that wait for it. */
    sync: (done: Synced) => {
      waiting.push(done)
      if (!syncing) sync()
    },
    close: async () => {
      clearInterval(timer)
      await running
      while (syncing) await new Promise(setImmediate)
      checkpoint.close()
      file.close()
    },
  }
}
