import type { Notification } from '@carillon/schemas'

/**
 * Returns a function that returns the path in the notification that excludes a user, or undefined. The actor is excluded
 * like the users in `exclude`, because actors need no notification of their own action. Pure.
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
