import { timesMessage } from '@carillon/core/preferences/times-message'
import { addresseesOf } from '@carillon/core/routing/addressees'
import type { Store } from '@carillon/core/store/port'
import type { IntroducedUser } from '@carillon/core/store/ports/users'
import type { Stream } from '@carillon/core/stream/port'
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

/** Returns the known users among people whose profiles have another time zone than was sent. */
const inOtherZones = async (
  store: Pick<Store, 'users'>,
  tenant: string,
  people: readonly IntroducedUser[],
): Promise<string[]> => {
  const zones = new Map(
    people.flatMap(({ id, profile: { timezone } }) => (timezone === undefined ? [] : [[id, timezone]])),
  )
  if (zones.size === 0) return []
  const known = await store.users.get(tenant, [...zones.keys()])
  return known.flatMap(({ id, profile }) => (profile.timezone === zones.get(id) ? [] : [id]))
}

/**
 * Stores the attributes that were sent with recipients: one call per tenant for a whole batch, unless it
 * contains a user twice. Attributes of erased users are not stored. A new time zone moves what waits for a known user.
 */
export const storeProfiles = async (
  { store, stream }: { store: Pick<Store, 'users'>; stream: Pick<Stream, 'publish'> },
  batch: readonly Pinned[],
): Promise<void> => {
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
      const moved = await inOtherZones(store, tenant, people)
      if (moved.length > 0) await stream.publish(moved.map((user) => timesMessage(tenant, user, now)))
      for (const round of rounds(people)) await store.users.merge(tenant, round)
    }),
  )
}
