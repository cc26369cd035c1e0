import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { Store } from '@carillon/core/store/port'
import type { NewType } from '@carillon/core/store/ports/types'
import { settingsRevision } from '@carillon/core/store/rules/revision'
import { layoutFaults, layoutWarnings, partialFaults } from '@carillon/core/template/check-shared'
import { templateWarnings } from '@carillon/core/template/check-type'
import { partialsIn, sourcesOf } from '@carillon/core/template/references'
import type { References } from '@carillon/core/template/type-templates'
import {
  Category,
  CategoryInput,
  ContextKey,
  ContextSettings,
  LayoutInput,
  NotificationTypeInput,
  PartialInput,
  ResourceKey,
  ScheduleId,
  ScheduleInput,
  TemplateEnv,
  TenantSettings,
  TypeKey,
} from '@carillon/schemas'
import { settingsFaults } from '../api/check-settings.ts'
import { typeFaults } from '../api/check-type.ts'
import { etag } from '../http/if-match.ts'
import type { CurrentLibrary } from '../library/current.ts'
import type { Acceptance } from '../notifications/accept.ts'
import { scheduleFaults } from '../schedules/check.ts'
import { SCHEDULES_MAX } from '../schedules/writes.ts'
import { accountWarnings } from './account-warnings.ts'
import type { Kinds } from './check.ts'
import { type Checked, kindOf, type Resource, singleKind } from './kind.ts'

/** Returns the names that templates of a set may use: the partials, layouts and variables of the set, else the stored ones. */
const namesIn = (set: Checked, { layouts, partials, env }: References): References => {
  const of = <Named>(kind: 'layouts' | 'partials', stored: ReadonlyMap<string, Named>) => {
    const given = set[kind]
    if (!given) return stored
    return new Map([...given].map(([key, resource]) => [key, { ...resource, key, version: 0 } as Named]))
  }
  return {
    layouts: of('layouts', layouts),
    partials: of('partials', partials),
    env: (set.env?.get('') as References['env'] | undefined) ?? env,
  }
}

/** Returns a function that finds the names that templates of a set may use. Reads the stored library once per set. */
const createReferences = (current: CurrentLibrary) => {
  const found = new WeakMap<Checked, Promise<References>>()
  return (tenant: string, set: Checked): Promise<References> => {
    const references = found.get(set) ?? current(tenant).then((library) => namesIn(set, library))
    found.set(set, references)
    return references
  }
}

/** Orders partials so that each follows those that it renders. */
const partialOrder = (partials: ReadonlyMap<string, Resource>): string[] => {
  const ordered = new Set<string>()
  const visit = (key: string, via: readonly string[]) => {
    const partial = partials.get(key)
    if (!partial || ordered.has(key) || via.includes(key)) return
    for (const name of sourcesOf(partial).flatMap(partialsIn)) visit(name, [...via, key])
    ordered.add(key)
  }
  for (const key of partials.keys()) visit(key, [])
  return [...ordered]
}

function* both<Found>(one: Iterable<Found>, other: Iterable<Found>): Generator<Found> {
  yield* one
  yield* other
}

type ReadReferences = ReturnType<typeof createReferences>

type Parts = {
  store: Pick<Store, 'types' | 'categories' | 'contexts' | 'tenants' | 'schedules'>
  acceptance: Pick<Acceptance, 'validate'>
  cache: Pick<SettingsCache, 'accounts'>
  current: CurrentLibrary
  /** Development only: messages without an account are captured, so no account is needed. */
  captures?: boolean | undefined
} & Pick<LinkPolicy, 'insecureLinks'>

const libraryKinds = ({ current }: Parts, references: ReadReferences) => ({
  env: singleKind({
    input: TemplateEnv,
    get: async (tenant) => {
      const { env, envVersion } = await current(tenant)
      return { resource: env, etag: etag(String(envVersion)) }
    },
  }),
  partials: kindOf({
    ...{ key: ResourceKey, input: PartialInput, order: partialOrder },
    refersTo: ['partials'],
    list: async (tenant) => [...(await current(tenant)).partials.values()],
    etag: ({ version }) => etag(String(version)),
    faults: async (tenant, key, resource, set) =>
      partialFaults(key, resource, (await references(tenant, set)).partials),
  }),
  layouts: kindOf({
    ...{ key: ResourceKey, input: LayoutInput },
    refersTo: ['partials'],
    list: async (tenant) => [...(await current(tenant)).layouts.values()],
    etag: ({ version }) => etag(String(version)),
    faults: async (tenant, _, resource, set) =>
      layoutFaults(resource as LayoutInput, (await references(tenant, set)).partials),
    warnings: async (tenant, _, resource, set) =>
      layoutWarnings(resource as LayoutInput, (await references(tenant, set)).partials),
  }),
})

const scheduleKind = ({ store, acceptance }: Parts) =>
  kindOf({
    ...{ key: ScheduleId, input: ScheduleInput, scope: 'schedules:read' as const },
    refersTo: ['types'],
    list: async (tenant) => {
      const { schedules } = await store.schedules.list(tenant, { limit: SCHEDULES_MAX })
      return schedules.map(({ id: key, definition, revision }) => ({ key, definition, revision }))
    },
    etag: ({ revision }) => etag(revision),
    resource: ({ definition }) => definition,
    faults: async (tenant, _, resource, set) => {
      const definition = resource as ScheduleInput
      // A type of the set may not be stored yet.
      const isDefined = !set.types?.has(definition.notification.type)
      return [await scheduleFaults(acceptance, tenant, definition, isDefined)]
    },
  })

const settingsKinds = ({ store, insecureLinks }: Parts) => ({
  tenant: singleKind({
    ...{ input: TenantSettings, scope: 'tenant:read' },
    faults: async (_, __, settings) => [settingsFaults(settings, insecureLinks)],
    get: async (tenant) => {
      const settings = (await store.tenants.get(tenant))?.settings
      return settings && { resource: settings, etag: etag(settingsRevision(settings)) }
    },
  }),
  contexts: kindOf({
    ...{ key: ContextKey, input: ContextSettings, scope: 'contexts:read' as const },
    faults: async (_, __, settings) => [settingsFaults(settings, insecureLinks)],
    // A tenant may have a context per customer, so only the given ones are compared.
    list: async (tenant, keys) => [...(await store.contexts.get(tenant, keys)).values()],
    etag: ({ revision }) => etag(revision),
    resource: ({ settings }) => settings,
  }),
})

/** The kinds of resources in a catalogue, in the order of writing: each refers to earlier ones only. */
export const catalogueKinds = (parts: Parts): Kinds => {
  const references = createReferences(parts.current)
  return {
    ...libraryKinds(parts, references),
    categories: kindOf({
      ...{ key: Category, input: CategoryInput },
      list: (tenant) => parts.store.categories.list(tenant),
      etag: (category) => etag(settingsRevision(category)),
    }),
    types: kindOf({
      ...{ key: TypeKey, input: NotificationTypeInput },
      refersTo: ['layouts', 'partials'],
      list: (tenant) => parts.store.types.list(tenant),
      etag: ({ version }) => etag(String(version)),
      faults: async (tenant, key, resource, set) =>
        typeFaults({ ...resource, key } as NewType, await references(tenant, set)),
      warnings: async (tenant, key, resource) => {
        const type = { ...resource, key } as NewType
        const unserved = parts.captures ? [] : accountWarnings(type, await parts.cache.accounts(tenant))
        return both(templateWarnings(type), [unserved])
      },
    }),
    ...settingsKinds(parts),
    schedules: scheduleKind(parts),
  }
}
