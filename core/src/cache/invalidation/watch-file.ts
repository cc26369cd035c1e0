import type { Database } from '../../sqlite/database.ts'

/** How soon changes by another process, such as a command, are noticed. */
const LOOK_MS = 250

/**
 * Calls `onChange` when another process has written to the file. It costs a few microseconds a second. Returns a
 * function that ends the watch.
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
  }, LOOK_MS).unref()
  return () => clearInterval(timer)
}
