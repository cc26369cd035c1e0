import { UnavailableError } from '@carillon/core/errors'
import type { Live, Presence } from '@carillon/core/live/port'

/**
 * Looks up the presence of users, in order, with one call for all of them. While the live bus is unavailable,
 * all users count as away.
 */
export const presenceOf = async (
  live: Pick<Live, 'presence'>,
  users: readonly { tenant: string; user: string }[],
): Promise<readonly Presence[]> => {
  if (users.length === 0) return []
  try {
    return await live.presence(users)
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return users.map(() => 'away')
  }
}
