import { usesUser } from '@carillon/core/expression/condition'
import { slices } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { UserProfile } from '@carillon/schemas'
import type { Pinned } from '../intake/ready.ts'

/** What the conditions of a type and its variants depend on. */
export type ConditionFacts = { profiles?: ReadonlyMap<string, UserProfile> }

/** Profiles that are read together. */
const TOGETHER = 500

const NOTHING: ConditionFacts = {}

/** Reports whether a condition of a type or of its variants names `user`. */
export const needsProfiles = ({ type }: Pick<Pinned, 'type'>): boolean =>
  type !== undefined && (usesUser(type.if) || type.variants?.some((variant) => usesUser(variant.if)) === true)

/** Reads the profiles that the conditions of a type and its variants depend on: none unless one names `user`. */
export const lookUpConditionFacts = async (
  store: Pick<Store, 'users'>,
  pinned: Pinned,
  users: Iterable<string>,
): Promise<ConditionFacts> => {
  if (!needsProfiles(pinned)) return NOTHING
  const { tenant } = pinned.ready
  const profiles = new Map<string, UserProfile>()
  for (const some of slices([...users], TOGETHER))
    for (const { id, profile } of await store.users.get(tenant, some)) profiles.set(id, profile)
  return { profiles }
}
