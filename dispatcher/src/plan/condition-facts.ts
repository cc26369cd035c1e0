import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { usesUser } from '@carillon/core/expression/condition'
import { slices } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { Tenant } from '@carillon/core/store/ports/tenants'
import type { UserProfile } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'

/** What the condition of a type depends on. */
export type ConditionFacts = { tenant?: Tenant | undefined; profiles?: ReadonlyMap<string, UserProfile> }

/** Profiles that are read together. */
const TOGETHER = 500

export type ConditionPorts = { store: Pick<Store, 'users'>; cache: Pick<SettingsCache, 'tenant'> }

const NOTHING: ConditionFacts = {}

/** Reads what the condition of a type depends on: nothing without one, and profiles only if it names `user`. */
export const lookUpConditionFacts = async (
  { store, cache }: ConditionPorts,
  { ready: { tenant }, type }: Pinned,
  users: Iterable<string>,
): Promise<ConditionFacts> => {
  if (type?.if === undefined) return NOTHING
  const profiles = new Map<string, UserProfile>()
  if (usesUser(type.if))
    for (const some of slices([...users], TOGETHER))
      for (const { id, profile } of await store.users.get(tenant, some)) profiles.set(id, profile)
  return { tenant: await cache.tenant(tenant), profiles }
}
