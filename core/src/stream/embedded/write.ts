import { ProblemError, UnavailableError } from '../../errors.ts'
import type { Database } from '../../sqlite/database.ts'

export type Write = Database['write']

/** Returns the database's group commit with errors translated for callers of the port. */
export const writer =
  (database: Database): Write =>
  async (work, durability) => {
    try {
      return await database.write(work, durability)
    } catch (error) {
      throw failure(error)
    }
  }

/** Returns `Database.synced` with errors translated for callers of the port. */
export const syncer =
  (database: Database): Database['synced'] =>
  async () => {
    try {
      await database.synced()
    } catch (error) {
      throw failure(error)
    }
  }

/** Maps an SQLite error to `stream_full` or UnavailableError; returns any other error unchanged. */
export const failure = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'SQLITE_FULL')
    return new ProblemError('stream_full', 'the disk of the event log is full', { cause: error })
  const away = code.startsWith('SQLITE') || /database (connection )?is (closed|not open)/.test(error.message)
  return away ? new UnavailableError('stream', error) : error
}
