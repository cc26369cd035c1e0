import type { Channel, ProviderAccountInput } from '@carillon/schemas'

export type StoredAccount = ProviderAccountInput & {
  id: string
  channels: Channel[]
  config: NonNullable<ProviderAccountInput['config']>
}

/** The provider accounts of tenants; `config` is encrypted at rest. */
export interface Accounts {
  /** Creates or replaces an account. */
  put(tenant: string, account: StoredAccount): Promise<void>
  list(tenant: string): Promise<StoredAccount[]>
  remove(tenant: string, id: string): Promise<void>
}
