import { join } from 'node:path'
import { createDirectory, makePrivate } from '@carillon/core/sqlite/file-modes'
import Libsql from 'libsql'
import { CommandError, refuse } from './command-error.ts'

/** Creates the data directory if it is missing. Throws CommandError if that fails. */
export const createDataDir = (dataDir: string): void => {
  try {
    createDirectory(dataDir)
  } catch (cause) {
    throw new CommandError(
      `the data directory cannot be created: ${(cause as Error).message}; choose another one with --data or CARILLON_DATA_DIR`,
      { cause },
    )
  }
}

/**
 * Locks the data directory until the process ends, because two processes on one embedded file would each
 * deliver everything. Exits with code 2 if another process has locked the directory.
 */
export const lockDataDir = (dataDir: string): Libsql.Database => {
  const file = join(dataDir, 'lock.db')
  makePrivate(file)
  const lock = new Libsql(file)
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch {
    refuse(`another carillon dev is running on ${dataDir}; stop it, or choose another --data`)
  }
  return lock
}
