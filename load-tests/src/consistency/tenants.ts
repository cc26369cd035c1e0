import { randomBytes } from 'node:crypto'
import { newApiKey } from '@carillon/core/security/api-keys'
import { newTenant } from '@carillon/core/security/new-tenant'
import { signUserToken } from '@carillon/core/security/user-tokens'
import type { Store } from '@carillon/core/store/port'

/** Adds a new tenant with these types and an API key. `token` issues user tokens. */
export const addTenant = async (store: Store, types: readonly string[]) => {
  const tenant = newTenant(`t${randomBytes(5).toString('hex')}`)
  const { key, token: apiKey } = newApiKey(tenant.id, 'backend')
  await store.tenants.put(tenant)
  await store.tenants.putKey(key)
  for (const type of types) await store.types.put(tenant.id, { key: type })
  return {
    id: tenant.id,
    apiKey,
    token: async (user: string, contexts?: readonly string[]) =>
      (await signUserToken(tenant, user, undefined, contexts)).token,
  }
}

export type AddedTenant = Awaited<ReturnType<typeof addTenant>>
