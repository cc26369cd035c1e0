import { closeSync, fdatasync, fsyncSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import type Libsql from 'libsql'
import AsyncLibsql from 'libsql/promise'

/** How often what the log holds is written to its place in the file. */
const CHECKPOINT_MS = 500
/** So many times in a row without a quiet moment, and the log is begun anew though it holds up writers. */
const ROUNDS = 20
const CHECKPOINT = 'PRAGMA wal_checkpoint(PASSIVE)'

type Synced = (error: Error | null) => void

/**
 * The write-ahead log of an open SQLite file: what SQLite would do with it on the event loop within a commit
 * (`synchronous = FULL`, the automatic checkpoint), done beside it. https://sqlite.org/wal.html
 */
export const openWal = (path: string, handle: Libsql.Database) => {
  let file: number | undefined
  /** The log is there from the first commit on; its name may not be on disk yet. */
  const opened = (): number => {
    if (file !== undefined) return file
    // Windows keeps names by itself, and does not open directories.
    if (process.platform !== 'win32') {
      const directory = openSync(dirname(path), 'r')
      fsyncSync(directory)
      closeSync(directory)
    }
    file = openSync(`${path}-wal`, 'r+')
    return file
  }

  let waiting: Synced[] = []
  let syncing = false
  const sync = () => {
    const batch = waiting
    waiting = []
    syncing = true
    const done = (error: Error | null) => {
      syncing = false
      // In SQLite's own terms, so that it is known for what it is: not now.
      const failure = error && Object.assign(error, { code: 'SQLITE_IOERR_FSYNC' })
      for (const synced of batch) synced(failure)
      if (waiting.length > 0) sync()
    }
    try {
      fdatasync(opened(), done)
    } catch (error) {
      done(error as Error)
    }
  }

  const background = new AsyncLibsql(path, {})
  /** How often the log has been begun anew: https://sqlite.org/fileformat2.html#walformat */
  const generation = () => {
    const bytes = Buffer.alloc(4)
    readSync(opened(), bytes, 0, 4, 12)
    return bytes.readUInt32BE()
  }
  let current = 0
  let rounds = 0
  /**
   * The next commit begins a log anew of which all is in its place. While writers go on, the background is always a
   * little behind; the writer itself, which then does the last few pages, is not.
   */
  const checkpoint = async () => {
    const before = generation()
    rounds = before === current ? rounds + 1 : 0
    current = before
    await background.exec(CHECKPOINT)
    if (rounds < ROUNDS) return
    await background.exec(CHECKPOINT)
    handle.exec(CHECKPOINT)
  }

  let written = false
  let running = Promise.resolve()
  const timer = setInterval(() => {
    if (!written) return
    written = false
    // One that could not be made loses nothing: the next makes it.
    running = running.then(checkpoint).catch(() => {
      written = true
    })
  }, CHECKPOINT_MS).unref()

  return {
    /** Tells it that there was a commit. */
    wrote: () => {
      written = true
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
      background.close()
      if (file !== undefined) closeSync(file)
    },
  }
}
