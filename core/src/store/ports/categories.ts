import type { CategoryDefinition } from '@carillon/schemas'

/** The categories of a tenant, by key. */
export interface Categories {
  /** Creates or replaces a category. */
  put(tenant: string, category: CategoryDefinition): Promise<void>
  get(tenant: string, key: string): Promise<CategoryDefinition | undefined>
  /** Returns all categories, ordered by key. */
  list(tenant: string): Promise<CategoryDefinition[]>
  remove(tenant: string, key: string): Promise<void>
}
