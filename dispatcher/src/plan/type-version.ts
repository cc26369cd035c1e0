import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import type { Pinned, Ready } from '../intake/ready.ts'

/**
 * Reads the version of its type under which a notification was accepted. All parts of one notification (chunks, and what
 * waits for `deliverAt`) are planned by the same version. Versions never change, so they are cached.
 */
export const createPin =
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

export type Pin = ReturnType<typeof createPin>
