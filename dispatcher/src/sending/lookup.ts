import type { Step } from '@carillon/core/outreach/step'
import type { StoredDevice } from '@carillon/core/store/outreach'
import type { Store } from '@carillon/core/store/port'
import type { InboxItem, UserProfile } from '@carillon/schemas'

export type Person = { profile: UserProfile; devices: readonly StoredDevice[] }

/** What the store knows about a batch of steps. */
export type Known = {
  item(step: Step): InboxItem | undefined
  cancelled(step: Step): boolean
  person(step: Step): Person
}

const NOBODY: Person = { profile: {}, devices: [] }

const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]

const at = (...parts: string[]) => parts.join('\n')

/** Looks up all that a batch needs with one question for each tenant, person and notification among them. */
export const lookUp = async (
  store: Pick<Store, 'inbox' | 'users' | 'devices' | 'notifications'>,
  steps: readonly Step[],
): Promise<Known> => {
  const items = new Map<string, InboxItem>()
  const cancelled = new Set<string>()
  const people = new Map<string, Person>()

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
    ...unique(steps.map(({ tenant }) => tenant)).map(async (tenant) => {
      const users = unique(steps.filter((step) => step.tenant === tenant).map(({ user }) => user))
      const [profiles, devices] = await Promise.all([
        store.users.get(tenant, users),
        store.devices.of(tenant, users),
      ])
      const known = new Map(profiles.map(({ id, profile }) => [id, profile]))
      for (const user of users)
        people.set(at(tenant, user), { profile: known.get(user) ?? {}, devices: devices.get(user) ?? [] })
    }),
  ])

  return {
    item: ({ tenant, user, item }) => (item === undefined ? undefined : items.get(at(tenant, user, item))),
    cancelled: ({ tenant, notification }) => cancelled.has(at(tenant, notification)),
    person: ({ tenant, user }) => people.get(at(tenant, user)) ?? NOBODY,
  }
}
