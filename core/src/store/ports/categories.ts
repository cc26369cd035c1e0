import type { CategoryDefinition } from '@carillon/schemas'

/** The categories of a tenant, by key. */
export interface Categories {
  /**
   * Creates or replaces a category. Resolves with false, and changes nothing, if `expected` is given and is not its
   * `settingsRevision`. Of concurrent calls with the same `expected`, one takes effect.
   */
  put(tenant: string, category: CategoryDefinition, expected?: string): Promise<boolean>
  get(tenant: string, key: string): Promise<CategoryDefinition | undefined>
  /** Returns all categories, ordered by key. */
  list(tenant: string): Promise<CategoryDefinition[]>
  /** Deletes a category, under the same condition as `put`. Resolves with whether the condition held. */
  remove(tenant: string, key: string, expected?: string): Promise<boolean>
}
