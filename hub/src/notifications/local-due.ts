import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { localInstant } from '@carillon/core/calendar/local-instant'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import type { Store } from '@carillon/core/store/port'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'

/**
 * Creates the function that returns when a scheduled notification is due in the time zone that a user has now, epoch ms.
 * Undefined if it has no local time, or recipients have been looked up: the ledger then has their times.
 */
export const createLocalDue =
  ({ users, cache }: Pick<Store, 'users'> & { cache: Pick<SettingsCache, 'tenant' | 'context'> }) =>
  async ({ tenant, state, local }: NotificationProgress, user: string): Promise<number | undefined> => {
    if (!local || state !== 'scheduled') return undefined
    const [tenancy, [person]] = await Promise.all([
      lookUpInContext(cache, tenant, local.context),
      users.get(tenant, [user]),
    ])
    const { timezone } = localeAndZone(person ?? { profile: {} }, tenancy.settings, Date.now())
    return localInstant(local.deliverAt, timezone)
  }

export type LocalDue = ReturnType<typeof createLocalDue>
