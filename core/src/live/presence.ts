import { UnavailableError } from '../errors.ts'
import type { Live, Presence, Viewers } from './port.ts'

/**
 * Looks up the presence of users who see a context, in order, with one call for all of them. While the live bus is
 * unavailable, all users count as away.
 */
export const presenceOf = async (
  live: Pick<Live, 'presence'>,
  viewers: readonly Viewers[],
): Promise<readonly Presence[]> => {
  if (viewers.length === 0) return []
  try {
    return await live.presence(viewers)
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return viewers.map(() => 'away')
  }
}
