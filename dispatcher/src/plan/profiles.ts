import { addresseesOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import type { IntroducedUser } from '@carillon/core/store/ports/users'
import type { Pinned } from '../intake/ready.ts'

/** Splits users into groups without duplicates, and keeps their order. */
const rounds = (people: readonly IntroducedUser[]): IntroducedUser[][] => {
  const found: Map<string, IntroducedUser>[] = []
  for (const person of people) {
    const round = found.find((each) => !each.has(person.id))
    if (round) round.set(person.id, person)
    else found.push(new Map([[person.id, person]]))
  }
  return found.map((round) => [...round.values()])
}

/**
 * Stores the attributes that were sent with recipients: one call per tenant for a whole batch, unless it
 * contains a user twice. Attributes of erased users are not stored.
 */
export const storeProfiles = async (store: Pick<Store, 'users'>, batch: readonly Pinned[]): Promise<void> => {
  const tenants = new Map<string, IntroducedUser[]>()
  const now = Date.now()
  for (const { ready } of batch) {
    const { tenant, notification, acceptedAt, expiresAt } = ready
    if (expiresAt <= now) continue
    const { introduced } = addresseesOf(notification)
    if (introduced.length === 0) continue
    const people = introduced.map((person) => ({ ...person, acceptedAt }))
    tenants.set(tenant, [...(tenants.get(tenant) ?? []), ...people])
  }
  await Promise.all(
    [...tenants].map(async ([tenant, people]) => {
      for (const round of rounds(people)) await store.users.merge(tenant, round)
    }),
  )
}
