import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { ProblemError } from '@carillon/core/errors'
import type { Pinned, Ready } from '../work.ts'

/**
 * Reads the version of its type that a notification was accepted under. Versions never change and are cached, so that
 * everything of one notification (its chunks, and what waits for `deliverAt`) is planned by the same one.
 */
export const createPinned =
  (cache: Pick<SettingsCache, 'typeVersion'>) =>
  async (ready: Ready): Promise<Pinned> => {
    const { tenant, notification, version } = ready
    if (version === undefined) return { ready }
    const type = await cache.typeVersion(tenant, notification.type, version)
    if (!type)
      throw new ProblemError(
        'type_unknown',
        `there is no version ${version} of the type ${notification.type}`,
      )
    return { ready, type }
  }
