import { usesUser } from '@carillon/core/expression/condition'
import { slices } from '@carillon/core/group-by'
import { needsZones } from '@carillon/core/routing/delivery-time'
import type { Store } from '@carillon/core/store/port'
import type { KnownUser } from '@carillon/core/store/ports/users'
import type { Pinned } from '../intake/ready.ts'

/** The user data that conditions of a type and its variants, and local times, depend on. */
export type PersonFacts = { people?: ReadonlyMap<string, KnownUser> }

/** Profiles that are read together. */
const TOGETHER = 500

const NOTHING: PersonFacts = {}

/** Reports whether a time is local, or a condition of a type or of its variants uses `user`. */
export const needsPeople = ({ ready: { notification }, type }: Pinned): boolean =>
  needsZones(notification) ||
  (type !== undefined &&
    (usesUser(type.if) || type.variants?.some((variant) => usesUser(variant.if)) === true))

/** Reads the people on whom the plan of a notification depends: none unless a local time or a condition needs them. */
export const lookUpPeople = async (
  store: Pick<Store, 'users'>,
  pinned: Pinned,
  users: Iterable<string>,
): Promise<PersonFacts> => {
  if (!needsPeople(pinned)) return NOTHING
  const { tenant } = pinned.ready
  const people = new Map<string, KnownUser>()
  for (const some of slices([...users], TOGETHER))
    for (const person of await store.users.get(tenant, some)) people.set(person.id, person)
  return { people }
}
