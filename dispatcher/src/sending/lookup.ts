import type { InContext } from '@carillon/core/contexts/in-context'
import { IN_PROFILES } from '@carillon/core/delivery/destinations'
import { acceptedAt, type Step } from '@carillon/core/delivery/step'
import { unmet, usesUser } from '@carillon/core/expression/condition'
import type { Live } from '@carillon/core/live/port'
import { presenceOf } from '@carillon/core/live/presence'
import { hasBegun, needsPresence, type StepFacts } from '@carillon/core/routing/due-step'
import type { Subject } from '@carillon/core/routing/preference'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { StoredDevice } from '@carillon/core/store/ports/devices'
import type { KnownUser } from '@carillon/core/store/ports/users'
import { type Erasure, isVoid } from '@carillon/core/store/rules/erasure'
import type { TypeTemplates } from '@carillon/core/template/type-templates'
import type { Channel, InboxItem, ItemContent } from '@carillon/schemas'
import { type ContextPorts, lookUpContexts } from './lookup-contexts.ts'
import { lookUpPreferences, type PreferencePorts } from './lookup-preferences.ts'
import { lookUpTemplates, type TemplatePorts } from './lookup-templates.ts'

type Person = Pick<KnownUser, 'profile' | 'reported'> & { devices: readonly StoredDevice[] }

/** The data looked up for a batch of steps. */
export type Known = {
  facts(step: Step, now: number): StepFacts
  /** Returns the content of a step's item, or the step's own; undefined for a one-time password. */
  content(step: Step): ItemContent | undefined
  person(step: Step): Person
  /** Returns the tenant and the context of a step. */
  tenancy(step: Step): InContext
  /** Returns the templates of its type, or those that put its e-mail into the default layout; undefined without either. */
  templates(step: Step): TypeTemplates | undefined
  /** Returns what preferences about the step are looked up by. */
  subject(step: Step): Omit<Subject, 'addressed'>
}

export type LookupPorts = {
  store: Pick<Store, 'inbox' | 'users' | 'devices' | 'notifications'>
  live: Pick<Live, 'presence'>
} & TemplatePorts &
  ContextPorts &
  PreferencePorts

const NOBODY: Person = { profile: {}, devices: [] }

const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]

const at = (...parts: string[]) => parts.join('\n')

/** Looks up the presence of the users whose steps depend on it. */
const presences = async (live: LookupPorts['live'], steps: readonly Step[]) => {
  const asked = steps
    .filter(needsPresence)
    .map(({ tenant, user, context = '' }) => ({ tenant, user, context }))
  const found = await presenceOf(live, asked)
  return new Map(asked.map(({ tenant, user, context }, index) => [at(tenant, user, context), found[index]]))
}

/** Returns the condition of a step; undefined if it has none or was found to hold before. */
const conditionOf = (step: Step): string | undefined =>
  hasBegun(step) || step.destination !== undefined ? undefined : step.plan[step.index]?.if

/**
 * Looks up what a batch of one channel's steps needs, with one read for each tenant, person and notification among them. Of
 * a person it reads what the channel needs, the profile or the devices, and what templates and conditions need: the profile.
 */
export const lookUp = async (
  ports: LookupPorts,
  channel: Channel,
  steps: readonly Step[],
): Promise<Known> => {
  const { store, live } = ports
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
      .filter(({ secret }) => secret === undefined)
      .map(({ tenant, notification }) => [at(tenant, notification), { tenant, id: notification }]),
  )

  const templates = await lookUpTemplates(ports, channel, steps)
  const [presence, preferences, tenancy] = await Promise.all([
    presences(live, steps),
    lookUpPreferences(ports, steps),
    lookUpContexts(ports, steps),
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
        for (const { id, ...known } of await store.users.get(tenant, users))
          people.set(at(tenant, id), { ...known, devices: [] })
      else {
        const reads = (step: Step) =>
          step.secret !== undefined || templates(step) !== undefined || usesUser(conditionOf(step))
        const readers = unique(together.filter(reads).map(({ user }) => user))
        const [devices, profiles] = await Promise.all([
          store.devices.of(tenant, users),
          readers.length > 0 ? store.users.get(tenant, readers) : [],
        ])
        for (const { id, ...known } of profiles) people.set(at(tenant, id), { ...known, devices: [] })
        for (const [id, some] of devices)
          people.set(at(tenant, id), { ...(people.get(at(tenant, id)) ?? NOBODY), devices: some })
      }
    }),
  ])

  const itemOf = ({ tenant, user, item }: Step) =>
    item === undefined ? undefined : items.get(at(tenant, user, item))
  const content = (step: Step) => itemOf(step) ?? step.content
  const unmetOf = (step: Step) => {
    const { tenant, user } = step
    return unmet(conditionOf(step), {
      data: content(step)?.data,
      user: { id: user, profile: people.get(at(tenant, user))?.profile },
      tenancy: tenancy(step),
    })
  }
  const subject = (step: Step) => preferences.subject(step, content(step)?.category)
  return {
    subject,
    facts: (step, now) => {
      const { tenant, user, notification, context = '' } = step
      const known = presence.get(at(tenant, user, context))
      const failed = unmetOf(step)
      return {
        item: itemOf(step),
        cancelled: cancelled.has(at(tenant, notification)),
        erased: isVoid(erasures.get(at(tenant, user)), acceptedAt(step)),
        ...(known && { presence: known }),
        ...(failed && { unmet: failed }),
        preference: preferences.of(step, subject(step), tenancy(step)),
        now,
      }
    },
    content,
    templates,
    tenancy,
    person: ({ tenant, user }) => people.get(at(tenant, user)) ?? NOBODY,
  }
}
