import type { Database } from '../../sqlite/database.ts'

/** Polling interval for changes by another process, such as a command, in ms. */
const POLL_MS = 250

/**
 * Calls `onChange` when another process has written to the file. Costs a few microseconds a second. Returns an unsubscribe
 * function.
 */
export const watchFile = ({ handle }: Pick<Database, 'handle'>, onChange: () => void): (() => void) => {
  const statement = handle.prepare('PRAGMA data_version')
  const version = () => (statement.get() as { data_version: number }).data_version
  let seen = version()
  const timer = setInterval(() => {
    if (!handle.open) return clearInterval(timer)
    const now = version()
    if (now === seen) return
    seen = now
    onChange()
  }, POLL_MS).unref()
  return () => clearInterval(timer)
}
