import type { Notification } from '@carillon/schemas'

/**
 * Returns what excludes a user from a notification, as a path into it; undefined if nothing does. The actor is excluded
 * like those in `exclude`: nobody notifies themself. Pure.
 */
export const exclusionOf = ({
  exclude,
  actor,
}: Pick<Notification, 'exclude' | 'actor'>): ((user: string) => string | undefined) => {
  if (exclude === undefined && actor?.user === undefined) return () => undefined
  const excluded = new Set(exclude)
  return (user) => {
    if (excluded.has(user)) return 'exclude'
    return actor?.user === user ? 'actor.user' : undefined
  }
}
