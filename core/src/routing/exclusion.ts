import type { Notification } from '@carillon/schemas'

/**
 * Returns a function that tells what excludes a user: a path into the notification, or undefined. The actor is excluded
 * like the users in `exclude`, because nobody notifies themself. Pure.
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
