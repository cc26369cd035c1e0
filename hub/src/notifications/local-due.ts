import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { localInstant } from '@carillon/core/calendar/local-instant'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import type { Store } from '@carillon/core/store/port'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'

/** When a notification is due for a user, and when it expires, epoch ms. */
export type LocalTimes = { dueAt?: number; expiresAt?: number }

/**
 * Creates the function that returns the local times of a notification in the time zone that a user has now. `dueAt` is absent
 * once recipients have been looked up: the ledger then has their times.
 */
export const createLocalDue =
  ({ users, cache }: Pick<Store, 'users'> & { cache: Pick<SettingsCache, 'tenant' | 'context'> }) =>
  async ({ tenant, state, local, localExpiry }: NotificationProgress, user: string): Promise<LocalTimes> => {
    const due = state === 'scheduled' ? local : undefined
    if (!due && !localExpiry) return {}
    const [tenancy, [person]] = await Promise.all([
      lookUpInContext(cache, tenant, (due ?? localExpiry)?.context),
      users.get(tenant, [user]),
    ])
    const { timezone } = localeAndZone(person ?? { profile: {} }, tenancy.settings, Date.now())
    return {
      ...(due && { dueAt: localInstant(due.deliverAt, timezone) }),
      ...(localExpiry && { expiresAt: localInstant(localExpiry.expiresAt, timezone) }),
    }
  }

export type LocalDue = ReturnType<typeof createLocalDue>
