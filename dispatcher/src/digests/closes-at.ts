import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { nextDigest } from '@carillon/core/calendar/frequency'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import { timesIn } from '@carillon/core/preferences/times'
import { holdOf } from '@carillon/core/routing/quiet-hours'
import type { Store } from '@carillon/core/store/port'
import { MEMBERS_MAX, type OpenWindow } from '@carillon/core/store/ports/digests'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { About } from './window-work.ts'

/** Returns when an open window closes, epoch ms. */
type ClosesAt = (window: OpenWindow, about: About, now: number) => number

/** Reports whether a window closes now because it is full. Quiet hours do not end early. */
const isFull = ({ size }: OpenWindow, { kind }: About): boolean =>
  size >= MEMBERS_MAX && kind !== 'quiet_hours'

/** Reports whether a window closes when it was to, whatever its user has chosen: that of seconds, of a type. */
const isFixed = ({ kind, frequency }: About): boolean => kind !== 'quiet_hours' && frequency === undefined

/**
 * Returns a function that looks up what the users of some open windows have chosen now. Their windows close at the end of
 * their quiet hours, or at their hour of digests after the window opened. Reads each user once.
 */
export const createClosesAt =
  ({
    store,
    cache,
  }: {
    store: Pick<Store, 'preferences' | 'users'>
    cache: Pick<SettingsCache, 'tenant' | 'context'>
  }) =>
  async (tenant: string, windows: readonly { window: OpenWindow; about: About }[]): Promise<ClosesAt> => {
    const asked = windows.filter(({ window, about }) => !isFixed(about) && !isFull(window, about))
    const users = [...new Set(asked.map(({ window }) => window.user))]
    const contexts = [...new Set(asked.map(({ about }) => about.context))]
    const [chosen, people, tenancies] = await Promise.all([
      users.length > 0 ? store.preferences.get(tenant, users) : new Map<string, never>(),
      users.length > 0 ? store.users.get(tenant, users) : [],
      Promise.all(contexts.map((context) => lookUpInContext(cache, tenant, context))),
    ])
    const personOf = new Map(people.map((person) => [person.id, person]))
    const tenancyOf = new Map(contexts.map((context, index) => [context, tenancies[index]!]))
    return (window, about, now) => {
      const { user, opensAt, closesAt } = window
      const { kind, context, frequency } = about
      if (isFull(window, about)) return now
      if (isFixed(about)) return closesAt
      const tenancy = tenancyOf.get(context)!
      const times = timesIn({ ...ownIn(chosen.get(user), context), ...defaultsIn(tenancy) }, now)
      const { timezone: zone } = localeAndZone(personOf.get(user) ?? { profile: {} }, tenancy.settings, now)
      if (kind === 'quiet_hours') return holdOf({ ...times, zone }, now)?.until ?? now
      return frequency ? nextDigest(frequency, times.digest, zone, opensAt) : closesAt
    }
  }

export type LookUpClosesAt = ReturnType<typeof createClosesAt>
