import { closeSync, existsSync, fdatasync, fsyncSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'

/** https://sqlite.org/fileformat2.html#walformat */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Offsets of the page size and of the two salts of the current generation in the header. */
const PAGE_SIZE_AT = 8
const SALTS_AT = 16
const FRAME_SALTS_AT = 8
const SALTS_BYTES = 8

/** The file of a write-ahead log. It is read without SQLite, which does not lock it. */
export type WalFile = {
  /** Returns the length of the log in bytes. The file may be longer, because SQLite overwrites it from its start. */
  bytes(): number
  sync(done: (error: Error | null) => void): void
  close(): void
}

export const openWalFile = (path: string): WalFile => {
  let file: number | undefined
  /** Opens the file, which exists after the first commit. Its directory entry may not be on disk yet. */
  const opened = (): number => {
    if (file !== undefined) return file
    // Windows syncs directory entries itself and cannot open directories.
    if (process.platform !== 'win32') {
      const directory = openSync(dirname(path), 'r')
      fsyncSync(directory)
      closeSync(directory)
    }
    file = openSync(`${path}-wal`, 'r+')
    return file
  }

  const header = Buffer.alloc(HEADER_BYTES)
  const salts = Buffer.alloc(SALTS_BYTES)
  let generation: Buffer = Buffer.alloc(0)
  let frames = 0

  const bytes = () => {
    // A first transaction that was rolled back leaves no file.
    if (file === undefined && !existsSync(`${path}-wal`)) return 0
    if (readSync(opened(), header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 0
    const current = header.subarray(SALTS_AT, SALTS_AT + SALTS_BYTES)
    if (!current.equals(generation)) {
      generation = Buffer.from(current)
      frames = 0
    }
    const frameBytes = header.readUInt32BE(PAGE_SIZE_AT) + FRAME_HEADER_BYTES
    /** Frames of earlier generations have other salts. */
    const holds = (frame: number) => {
      const at = HEADER_BYTES + (frame - 1) * frameBytes + FRAME_SALTS_AT
      return readSync(opened(), salts, 0, SALTS_BYTES, at) === SALTS_BYTES && salts.equals(generation)
    }
    // Galloping search, because a commit adds few frames to the existing ones.
    let step = 1
    for (; holds(frames + step); step *= 2) frames += step
    for (; step >= 1; step /= 2) if (holds(frames + step)) frames += step
    return frames === 0 ? 0 : HEADER_BYTES + frames * frameBytes
  }

  return {
    bytes,
    sync: (done) => {
      try {
        fdatasync(opened(), done)
      } catch (error) {
        done(error as Error)
      }
    },
    close: () => {
      if (file !== undefined) closeSync(file)
    },
  }
}
