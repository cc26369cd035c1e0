import AsyncLibsql from 'libsql/promise'
import { openWalFile } from './wal-file.ts'

/** Checkpoint interval of a slowly growing log. */
const CHECKPOINT_MS = 500
/** A reader in another process prevents a reset of the log. The checkpoint is retried this often. */
const RETRY_MS = 1_000
const CHECKPOINT = 'PRAGMA wal_checkpoint(PASSIVE)'

type Synced = (error: Error | null) => void
/** Runs passive checkpoints: pages that a reader still needs in the log stay there. */
type Checkpoint = { run(): Promise<void>; close(): void }

const inBackground = (path: string): Checkpoint => {
  const connection = new AsyncLibsql(path, {})
  return { run: () => connection.exec(CHECKPOINT), close: () => connection.close() }
}

/**
 * Syncs and checkpoints the write-ahead log of an open SQLite file outside the event loop. SQLite itself
 * would do both within a commit (`synchronous = FULL`, automatic checkpoints). https://sqlite.org/wal.html
 *
 * The log stays below `bytesMax`. SQLite resets it with the first commit after a complete checkpoint, which
 * concurrent writers prevent. So above half of the limit, writers wait for the last part of a checkpoint;
 * above three quarters, for all of it. If checkpoints fail, writes are rejected above three quarters. A
 * reader in another process lets the log grow further, because blocking writers would not help.
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
      // An SQLite error code, so that callers treat it as temporary.
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

  const runCheckpoint = async () => {
    written = false
    try {
      await checkpoint.run()
      if (file.bytes() >= limit) {
        hold()
        await checkpoint.run()
        // The next commit resets the log, unless a reader prevents it.
        blockedUntil = performance.now() + RETRY_MS
      }
      failed = undefined
    } catch (error) {
      // Nothing is lost: the log keeps its pages, and the timer retries.
      failed = error as Error
      written = true
      blockedUntil = performance.now() + RETRY_MS
    }
    release()
    running = undefined
  }

  const timer = setInterval(() => {
    if (written) running ??= runCheckpoint()
  }, CHECKPOINT_MS).unref()

  return {
    /** Returns the length of the log after the last commit, in bytes. */
    bytes: () => bytes,
    /** Returns a promise while writers have to wait. */
    held: () => held,
    /** Returns why another commit would not fit, or undefined. */
    refusal: () => (bytes >= full ? failed : undefined),
    /** Updates the length and starts a checkpoint if needed. Call it after every commit. */
    wrote: () => {
      written = true
      bytes = file.bytes()
      if (bytes < limit) blockedUntil = 0
      else if (performance.now() > blockedUntil) {
        running ??= runCheckpoint()
        if (bytes >= full && failed === undefined) hold()
      }
    },
    /** Calls `done` when all earlier commits are on disk. Concurrent calls share a sync. */
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

export type Wal = ReturnType<typeof openWal>
