import { IN_PROFILES } from '@carillon/core/delivery/destinations'
import type { Step } from '@carillon/core/delivery/step'
import { grouped } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { KnownUser } from '@carillon/core/store/ports/users'
import type { Channel } from '@carillon/schemas'

export type Person = Pick<KnownUser, 'profile' | 'reported'> & { devices: readonly StoredDevice[] }

const NOBODY: Person = { profile: {}, devices: [] }
const at = (tenant: string, user: string) => `${tenant}\n${user}`
const usersOf = (steps: readonly Step[]) => [...new Set(steps.map(({ user }) => user))]

/**
 * Looks up people, with a bounded number of reads for each tenant: what the channel needs, the profile or the devices, and the
 * profiles of those whose step reads it.
 */
export const lookUpPeople = async (
  store: Pick<Store, 'users' | 'devices'>,
  channel: Channel,
  steps: readonly Step[],
  readsProfile: (step: Step) => boolean,
): Promise<(step: Step) => Person> => {
  const people = new Map<string, Person>()
  const inProfile = IN_PROFILES.includes(channel)
  await Promise.all(
    [...grouped(steps, ({ tenant }) => tenant)].map(async ([tenant, together]) => {
      const readers = usersOf(inProfile ? together : together.filter(readsProfile))
      const [devices, profiles] = await Promise.all([
        inProfile ? new Map<string, StoredDevice[]>() : store.devices.of(tenant, usersOf(together)),
        readers.length > 0 ? store.users.get(tenant, readers) : [],
      ])
      for (const { id, ...known } of profiles) people.set(at(tenant, id), { ...known, devices: [] })
      for (const [id, some] of devices)
        people.set(at(tenant, id), { ...(people.get(at(tenant, id)) ?? NOBODY), devices: some })
    }),
  )
  return ({ tenant, user }) => people.get(at(tenant, user)) ?? NOBODY
}
