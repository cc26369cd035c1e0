import type { StoredType } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import type { StoredAccount } from '../store/outreach.ts'
import type { ApiKey, Store, Tenant } from '../store/port.ts'

/** How long a change to a tenant, key, type or account may take to be noticed elsewhere. */
export const DIRECTORY_TTL_MS = 10_000

/**
 * Tenants, keys, types and accounts as every request and message needs them: cached for DIRECTORY_TTL_MS, misses too, one
 * lookup at a time per entry. While the store is out of reach, what was known stays valid.
 */
export type Directory = {
  tenant(id: string): Promise<Tenant | undefined>
  apiKey(tenant: string, id: string): Promise<ApiKey | undefined>
  type(tenant: string, key: string): Promise<StoredType | undefined>
  /** The tenant's provider accounts. */
  accounts(tenant: string): Promise<StoredAccount[]>
  /** Forgets everything, so that the next look is at the store. */
  refresh(): void
}

const cached = <Value>(load: (...key: string[]) => Promise<Value | undefined>) => {
  const cache = new LRUCache<string, { value: Value | undefined }>({
    max: 10_000,
    ttl: DIRECTORY_TTL_MS,
    allowStaleOnFetchRejection: true,
    fetchMethod: async (key) => ({ value: await load(...key.split('\n')) }),
  })
  return {
    get: async (...key: string[]): Promise<Value | undefined> => {
      const found = await cache.fetch(key.join('\n'))
      // Where nothing was known before, the cache answers a failed look with nothing, which is no answer.
      return found ? found.value : load(...key)
    },
    clear: () => cache.clear(),
  }
}

export const createDirectory = (store: Pick<Store, 'tenants' | 'types' | 'accounts'>): Directory => {
  const tenants = cached((id) => store.tenants.get(id!))
  const keys = cached((tenant, id) => store.tenants.key(tenant!, id!))
  const types = cached((tenant, key) => store.types.get(tenant!, key!))
  const accounts = cached((tenant) => store.accounts.list(tenant!))
  return {
    tenant: (id) => tenants.get(id),
    apiKey: (tenant, id) => keys.get(tenant, id),
    type: (tenant, key) => types.get(tenant, key),
    accounts: async (tenant) => (await accounts.get(tenant)) ?? [],
    refresh: () => {
      for (const each of [tenants, keys, types, accounts]) each.clear()
    },
  }
}
