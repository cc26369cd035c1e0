import type { StoredType } from '@carillon/schemas'

export interface Types {
  put(tenant: string, type: StoredType): Promise<void>
  get(tenant: string, key: string): Promise<StoredType | undefined>
  list(tenant: string): Promise<StoredType[]>
}
