import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import { timesIn } from '@carillon/core/preferences/times'
import { addresseesOf } from '@carillon/core/routing/addressees'
import { preferenceOf, type Subject, subjectOf } from '@carillon/core/routing/preference'
import type { LocalTimes } from '@carillon/core/routing/quiet-hours'
import type { Store } from '@carillon/core/store/port'
import type { KnownUser } from '@carillon/core/store/ports/users'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { DeliveryChannel } from '@carillon/schemas'
import type { Validated } from './validate.ts'

export type FactPorts = {
  store: Pick<Store, 'users' | 'devices' | 'preferences'>
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'transactionalCategories'>
}

/** Reads the data that decisions about some users depend on, in one batch. */
export const readFacts = async (
  { store, cache }: FactPorts,
  tenant: string,
  { given, type }: Pick<Validated, 'given' | 'type'>,
  ids: readonly string[],
) => {
  const [people, devices, own, erased, tenancy, locked] = await Promise.all([
    store.users.get(tenant, ids),
    store.devices.of(tenant, ids),
    store.preferences.get(tenant, ids),
    store.users.erased(tenant, ids),
    lookUpInContext(cache, tenant, given.context),
    cache.transactionalCategories(tenant),
  ])
  const known = new Map<string, KnownUser>(people.map((user) => [user.id, user]))
  // Attributes in the notification would be stored before anything is decided.
  for (const { id, profile } of addresseesOf(given).introduced)
    if (!erased.has(id))
      known.set(id, { ...known.get(id), id, profile: { ...known.get(id)?.profile, ...profile } })
  const subject: Omit<Subject, 'addressed'> = subjectOf(given.type, type, given.category, locked)
  const chosen = (user: string) => ownIn(own.get(user), given.context)
  return {
    tenancy,
    subject,
    preferences: chosen,
    user: (id: string): KnownUser => known.get(id) ?? { id, profile: {} },
    devices: (user: string) => devices.get(user) ?? [],
    isErased: (user: string) => erased.has(user) && !known.has(user),
    /** Returns when a user can be reached. */
    times: (user: string, now: number): LocalTimes => ({
      ...timesIn({ ...chosen(user), ...defaultsIn(tenancy) }, now),
      zone: localeAndZone(known.get(user) ?? { profile: {} }, tenancy.settings, now).timezone,
    }),
    preference: (user: string, addressed: Subject['addressed'], channel: DeliveryChannel) =>
      preferenceOf({ ...subject, addressed }, channel, { ...chosen(user), ...defaultsIn(tenancy) }),
  }
}

export type Facts = Awaited<ReturnType<typeof readFacts>>
