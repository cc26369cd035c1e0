import { ProblemError, UnavailableError } from '../../errors.ts'
import type { Database } from '../../sqlite/database.ts'

export type Write = Database['write']

/** The database's group commit, with its errors in the port's terms. */
export const writer =
  (database: Database): Write =>
  async (work, durability) => {
    try {
      return await database.write(work, durability)
    } catch (error) {
      throw failure(error)
    }
  }

/** What an error of SQLite means to callers of a port; any other error is a fault and stays what it is. */
export const failure = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'SQLITE_FULL')
    return new ProblemError('stream_full', 'there is no room left for the event log', { cause: error })
  const away = code.startsWith('SQLITE') || /database (connection )?is (closed|not open)/.test(error.message)
  return away ? new UnavailableError('stream', error) : error
}
