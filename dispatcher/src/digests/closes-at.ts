import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { nextDigest } from '@carillon/core/calendar/digest-close'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import { timesIn } from '@carillon/core/preferences/times'
import { holdOf } from '@carillon/core/routing/quiet-hours'
import type { Store } from '@carillon/core/store/port'
import type { OpenWindow } from '@carillon/core/store/ports/digests'
import { viewerOf } from '@carillon/core/template/viewer'
import type { About } from './window-work.ts'

/**
 * Returns a function that tells when an open window closes, epoch ms, by what the user has chosen now: at the end of their
 * quiet hours, or at their hour of digests after it opened. A digest of a type closes when it was to.
 */
export const createClosesAt =
  ({
    store,
    cache,
  }: {
    store: Pick<Store, 'preferences' | 'users'>
    cache: Pick<SettingsCache, 'tenant' | 'context'>
  }) =>
  async (
    tenant: string,
    { user, opensAt, closesAt, full }: OpenWindow,
    { kind, context, frequency }: About,
    now: number,
  ): Promise<number> => {
    if (full && kind !== 'quiet_hours') return now
    if (kind === 'digest') return closesAt
    const [chosen, [person], tenancy] = await Promise.all([
      store.preferences.get(tenant, [user]),
      store.users.get(tenant, [user]),
      lookUpInContext(cache, tenant, context),
    ])
    const times = timesIn({ ...ownIn(chosen.get(user), context), ...defaultsIn(tenancy) }, now)
    const { timezone: zone } = viewerOf(person ?? { profile: {} }, tenancy.settings, now)
    if (kind === 'quiet_hours') return holdOf({ ...times, zone }, now)?.until ?? now
    return frequency ? nextDigest(frequency, times.digest, zone, opensAt) : closesAt
  }

export type ClosesAt = ReturnType<typeof createClosesAt>
