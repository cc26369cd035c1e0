/** A small value under a key. */
export type ExpiringKey = { key: string; value: string }

/** `at`: epoch ms, the same in every process that acquires this key. Keys of nearby times share a partition. */
export type Acquisition = ExpiringKey & { at: number }

/**
 * Small values with a time to live, by tenant and key (any text of at most 256 characters). Callers encrypt
 * values that must not be stored in plain text.
 *
 * - `acquire` writes keys that do not exist. Of any number of concurrent callers, in any number of processes,
 *   one wins until the key expires. Resolves once that is durable: undefined for each key that the caller
 *   acquired, otherwise the value of the holder. A rejected call may have acquired its keys. Calling again
 *   may return the caller's own value, so the value should identify the caller.
 * - `holders` returns the values of acquired keys, in order: undefined for those that nobody has.
 * - Keys of `acquire` are separate from those of `put`, `get` and `remove`.
 * - No key expires early. An expired key may be visible for one more second.
 */
export interface ExpiringKeys {
  acquire(tenant: string, wanted: readonly Acquisition[], ttlMs: number): Promise<(string | undefined)[]>
  holders(tenant: string, keys: readonly Omit<Acquisition, 'value'>[]): Promise<(string | undefined)[]>
  put(tenant: string, keys: readonly ExpiringKey[], ttlMs: number): Promise<void>
  /** Returns the values that were put, by key. */
  get(tenant: string, keys: readonly string[]): Promise<Map<string, string>>
  /** Removes keys that were put. */
  remove(tenant: string, keys: readonly string[]): Promise<void>
}
