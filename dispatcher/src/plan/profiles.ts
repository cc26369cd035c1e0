import { recipientsOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import type { IntroducedUser } from '@carillon/core/store/ports/users'
import type { Ready } from '../work.ts'

/** People in the order they came, in rounds in which nobody is twice. */
export const rounds = (people: readonly IntroducedUser[]): IntroducedUser[][] => {
  const found: Map<string, IntroducedUser>[] = []
  for (const person of people) {
    const round = found.find((each) => !each.has(person.id))
    if (round) round.set(person.id, person)
    else found.push(new Map([[person.id, person]]))
  }
  return found.map((round) => [...round.values()])
}

/**
 * Remembers the users that came with attributes, for a whole batch: one call per tenant, unless somebody is in it twice.
 * Those who are erased are not remembered.
 */
export const introduce = async (store: Pick<Store, 'users'>, batch: readonly Ready[]): Promise<void> => {
  const tenants = new Map<string, IntroducedUser[]>()
  const now = Date.now()
  for (const { tenant, notification, acceptedAt, expiresAt } of batch) {
    if (expiresAt <= now) continue
    const { introduced } = recipientsOf(notification)
    const people = introduced.map((person) => ({ ...person, acceptedAt }))
    const known = tenants.get(tenant)
    if (known) known.push(...people)
    else if (people.length > 0) tenants.set(tenant, people)
  }
  await Promise.all(
    [...tenants].map(async ([tenant, people]) => {
      for (const round of rounds(people)) await store.users.merge(tenant, round)
    }),
  )
}
