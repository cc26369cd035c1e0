import type { Store } from '../../store/port.ts'
import type { Accounts } from '../../store/ports/accounts.ts'
import type { Categories } from '../../store/ports/categories.ts'
import type { Contexts } from '../../store/ports/contexts.ts'
import type { Libraries } from '../../store/ports/library.ts'
import type { UserPreferences } from '../../store/ports/preferences.ts'
import type { Tenants } from '../../store/ports/tenants.ts'
import type { Types } from '../../store/ports/types.ts'
import type { Users } from '../../store/ports/users.ts'
import type { Change } from './port.ts'

/** Publishes invalidations. */
type Publisher = { publish(changes: readonly Change[]): Promise<void> }

/** Maps every write method of a part to what it changes. A new `put…` or `remove…` does not compile without an entry. */
type Writes<Part> = {
  [Name in keyof Part as Name extends `put${string}` | `remove${string}` ? Name : never]: Part[Name] extends (
    ...args: infer Args
  ) => Promise<unknown>
    ? (...args: Args) => Change
    : never
}

const TENANTS: Writes<Tenants> = {
  put: ({ id }) => ({ kind: 'tenant', tenant: id }),
  putSettings: (tenant) => ({ kind: 'tenant', tenant }),
  putLimits: (tenant) => ({ kind: 'tenant', tenant }),
  putKey: ({ tenant, id }) => ({ kind: 'key', tenant, id }),
}
const CONTEXTS: Writes<Contexts> = {
  put: (tenant, key) => ({ kind: 'context', tenant, id: key }),
  remove: (tenant, key) => ({ kind: 'context', tenant, id: key }),
}
const TYPES: Writes<Types> = {
  put: (tenant, { key }) => ({ kind: 'type', tenant, id: key }),
  putIf: (tenant, { key }) => ({ kind: 'type', tenant, id: key }),
  remove: (tenant, key) => ({ kind: 'type', tenant, id: key }),
}
const CATEGORIES: Writes<Categories> = {
  put: (tenant) => ({ kind: 'categories', tenant }),
  remove: (tenant) => ({ kind: 'categories', tenant }),
}
const LIBRARY: Writes<Libraries> = {
  put: (tenant) => ({ kind: 'library', tenant }),
}
const ACCOUNTS: Writes<Accounts> = {
  put: (tenant) => ({ kind: 'accounts', tenant }),
  remove: (tenant) => ({ kind: 'accounts', tenant }),
}

/** Only erasures of users are cached; `put` does not change them. An erasure also removes preferences. */
const announcingErasures = (users: Users, { publish }: Publisher): Users => ({
  ...users,
  remove: async (tenant, user) => {
    try {
      return await users.remove(tenant, user)
    } finally {
      await publish([
        { kind: 'erasure', tenant, id: user },
        { kind: 'preferences', tenant, id: user },
      ])
    }
  },
})

const announcingPreferences = (preferences: UserPreferences, { publish }: Publisher): UserPreferences => ({
  ...preferences,
  change: async (tenant, user, changes) => {
    try {
      return await preferences.change(tenant, user, changes)
    } finally {
      await publish([{ kind: 'preferences', tenant, id: user }])
    }
  },
})

type Write = (...args: unknown[]) => Promise<unknown>

const announcing = <Part extends object>(part: Part, writes: Writes<Part>, { publish }: Publisher): Part => {
  const wrap = ([name, changeOf]: [string, (...args: unknown[]) => Change]): [string, Write] => {
    const write = (part as Record<string, Write>)[name] as Write
    return [
      name,
      async (...args) => {
        try {
          return await write(...args)
        } finally {
          // A failed write may have been applied.
          await publish([changeOf(...args)])
        }
      },
    ]
  }
  return { ...part, ...Object.fromEntries(Object.entries(writes).map((each) => wrap(each as never))) }
}

/**
 * Wraps the store so that each write publishes invalidations of what processes cache. When a write resolves, this process
 * uses the new value, and others do within a second.
 */
export const announced = (store: Store, invalidations: Publisher): Store => ({
  ...store,
  users: announcingErasures(store.users, invalidations),
  preferences: announcingPreferences(store.preferences, invalidations),
  tenants: announcing(store.tenants, TENANTS, invalidations),
  contexts: announcing(store.contexts, CONTEXTS, invalidations),
  types: announcing(store.types, TYPES, invalidations),
  categories: announcing(store.categories, CATEGORIES, invalidations),
  library: announcing(store.library, LIBRARY, invalidations),
  accounts: announcing(store.accounts, ACCOUNTS, invalidations),
})
