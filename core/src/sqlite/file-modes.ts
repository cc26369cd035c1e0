import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS = 0o077
/** Carillon's files in a data directory. */
const OWN = /^((carillon|lock)\.db(-wal|-shm|-journal)?|dev\.json)$/

/** Removes the access of group and others to a file or directory, if it exists. */
const restrict = (path: string, mode: number): void => {
  try {
    if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    if (code !== 'EPERM') throw error
    process.emitWarning(`${path} belongs to another user, and others may read it`)
  }
}

/**
 * Creates a directory with its missing parents, readable by its owner only. An existing one is not changed.
 * Throws the system's error on failure. Does not use `recursive` of `mkdirSync`, which loops forever on
 * ENOENT, as below /proc.
 */
export const createDirectory = (path: string): void => {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) createDirectory(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process may have created it in between.
    if (!existsSync(path)) throw error
  }
}

/**
 * Creates a database file and its directory, if missing, accessible by their owner only, whatever the umask. Corrects the
 * modes of existing ones. SQLite gives its other files the same mode. A directory with other files keeps its mode.
 */
export const makePrivate = (path: string): void => {
  const directory = dirname(path)
  createDirectory(directory)
  // Windows has no file modes.
  if (process.platform === 'win32') return
  closeSync(openSync(path, 'a', 0o600))
  for (const suffix of ['', '-wal', '-shm', '-journal']) restrict(path + suffix, 0o600)
  if (readdirSync(directory).every((name) => OWN.test(name))) restrict(directory, 0o700)
}
