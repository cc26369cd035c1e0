import { acceptedAt, type Step } from '@carillon/core/delivery/step'
import { type Erasure, isVoid } from '@carillon/core/store/erasure'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { Channel, InboxItem, UserProfile } from '@carillon/schemas'
import { IN_PROFILES } from './destinations.ts'

export type Person = { profile: UserProfile; devices: readonly StoredDevice[] }

/** What the store knows about a batch of steps. */
export type Known = {
  item(step: Step): InboxItem | undefined
  cancelled(step: Step): boolean
  /** The person is erased, or was after what the step is about had been accepted. */
  erased(step: Step): boolean
  person(step: Step): Person
}

const NOBODY: Person = { profile: {}, devices: [] }

const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]

const at = (...parts: string[]) => parts.join('\n')

/**
 * Looks up all that a batch of one channel's steps needs, with one question for each tenant, person and notification among
 * them. Of a person it is what the channel needs: the profile, or the devices.
 */
export const lookUp = async (
  store: Pick<Store, 'inbox' | 'users' | 'devices' | 'notifications'>,
  channel: Channel,
  steps: readonly Step[],
): Promise<Known> => {
  const items = new Map<string, InboxItem>()
  const cancelled = new Set<string>()
  const people = new Map<string, Person>()
  const erasures = new Map<string, Erasure>()

  const owners = new Map<string, { tenant: string; user: string; ids: string[] }>()
  for (const { tenant, user, item } of steps) {
    if (item === undefined) continue
    const owner = owners.get(at(tenant, user)) ?? { tenant, user, ids: [] }
    owners.set(at(tenant, user), owner)
    owner.ids.push(item)
  }
  const notifications = new Map(
    steps
      .filter(({ item }) => item !== undefined)
      .map(({ tenant, notification }) => [at(tenant, notification), { tenant, id: notification }]),
  )

  await Promise.all([
    ...[...owners.values()].map(async ({ tenant, user, ids }) => {
      for (const item of await store.inbox.get({ tenant, user }, unique(ids)))
        items.set(at(tenant, user, item.id), item)
    }),
    ...[...notifications].map(async ([key, { tenant, id }]) => {
      if ((await store.notifications.get(tenant, id))?.state === 'cancelled') cancelled.add(key)
    }),
    ...[...grouped(steps, ({ tenant }) => tenant)].map(async ([tenant, together]) => {
      const users = unique(together.map(({ user }) => user))
      for (const [id, erasure] of await store.users.erased(tenant, users))
        erasures.set(at(tenant, id), erasure)
    }),
    ...[...grouped(steps, ({ tenant }) => tenant)].map(async ([tenant, together]) => {
      const users = unique(together.map(({ user }) => user))
      if (IN_PROFILES.includes(channel))
        for (const { id, profile } of await store.users.get(tenant, users))
          people.set(at(tenant, id), { profile, devices: [] })
      else
        for (const [id, devices] of await store.devices.of(tenant, users))
          people.set(at(tenant, id), { profile: {}, devices })
    }),
  ])

  return {
    item: ({ tenant, user, item }) => (item === undefined ? undefined : items.get(at(tenant, user, item))),
    cancelled: ({ tenant, notification }) => cancelled.has(at(tenant, notification)),
    erased: (step) => isVoid(erasures.get(at(step.tenant, step.user)), acceptedAt(step)),
    person: ({ tenant, user }) => people.get(at(tenant, user)) ?? NOBODY,
  }
}
