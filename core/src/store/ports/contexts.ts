import type { ContextSettings } from '@carillon/schemas'

/** `revision` changes with the settings. */
export type StoredContext = { key: string; settings: ContextSettings; revision: string }

/** The contexts of a tenant, by key. Keys may be any text. */
export interface Contexts {
  /**
   * Creates or replaces a context. If `expected` is given and is not its revision, resolves with undefined and changes
   * nothing. Of concurrent puts with the same `expected`, one takes effect.
   */
  put(
    tenant: string,
    key: string,
    settings: ContextSettings,
    expected?: string,
  ): Promise<StoredContext | undefined>
  /** Returns contexts by key. Those that do not exist are omitted. Any number of keys costs at most SLOTS queries per 100. */
  get(tenant: string, keys: readonly string[]): Promise<Map<string, StoredContext>>
  /** Lists contexts in unspecified order, after the key `after`. `next` is absent on the last page. */
  list(
    tenant: string,
    page: { after?: string; limit: number },
  ): Promise<{ contexts: StoredContext[]; next?: string }>
  /** Deletes a context, under the same condition as `put`. Resolves with whether the condition held. */
  remove(tenant: string, key: string, expected?: string): Promise<boolean>
}
