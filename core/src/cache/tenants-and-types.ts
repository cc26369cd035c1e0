import type { StoredType } from '@carillon/schemas'
import type { Erasure } from '../store/erasure.ts'
import type { Store } from '../store/port.ts'
import type { StoredAccount } from '../store/ports/accounts.ts'
import type { ApiKey, Tenant } from '../store/ports/tenants.ts'
import { cached } from './invalidation/cached.ts'
import { inProcessInvalidations } from './invalidation/in-process.ts'
import type { Invalidations } from './invalidation/port.ts'

/** How long a change may go unnoticed if its invalidation is lost. */
export const SETTINGS_TTL_MS = 10_000
/** Users whose erasure, or the absence of one, is kept. */
const USERS_MAX = 50_000

/**
 * Tenants, keys, types, accounts and erasures as every request and message needs them, cached until `invalidations` names them,
 * at most for SETTINGS_TTL_MS. While the store is out of reach, what was known stays valid.
 */
export type SettingsCache = {
  tenant(id: string): Promise<Tenant | undefined>
  apiKey(tenant: string, id: string): Promise<ApiKey | undefined>
  type(tenant: string, key: string): Promise<StoredType | undefined>
  /** The tenant's provider accounts. */
  accounts(tenant: string): Promise<StoredAccount[]>
  /** When a user was erased, if ever. */
  erasure(tenant: string, user: string): Promise<Erasure | undefined>
}

export const createSettingsCache = (
  store: Pick<Store, 'tenants' | 'types' | 'accounts' | 'users'>,
  invalidations: Pick<Invalidations, 'subscribe'> = inProcessInvalidations(),
): SettingsCache => {
  const common = { ttlMs: SETTINGS_TTL_MS, invalidations }
  const tenant = cached({ ...common, kind: 'tenant', load: (id) => store.tenants.get(id) })
  const apiKey = cached({ ...common, kind: 'key', load: (of, id) => store.tenants.key(of, id) })
  const type = cached({ ...common, kind: 'type', load: (of, key) => store.types.get(of, key) })
  const accounts = cached({ ...common, kind: 'accounts', load: (of) => store.accounts.list(of) })
  const erasure = cached({
    ...{ ...common, kind: 'erasure', max: USERS_MAX },
    load: async (of, user) => (await store.users.erased(of, [user])).get(user),
  })
  return { tenant, apiKey, type, erasure, accounts: async (of) => (await accounts(of)) ?? [] }
}
