/** A small value under a key. */
export type Mark = { key: string; value: string }

/** `at`: epoch ms, whatever the time, but the same from everybody who takes this key. Those of about one time lie together. */
export type Taking = Mark & { at: number }

/**
 * Small facts with a time to live, by tenant and key (at most 256 characters, any). Values are the caller's, sealed by
 * the caller if they have to be.
 *
 * - `take` writes keys that are not there: of any number of takers of a key, on any number of processes, one wins, for
 *   as long as it lives. It resolves once that is durable, with undefined for each key that is now the caller's, and
 *   the value it already has for each other. Whether a take that rejected has won is not known: taking again may give
 *   the caller its own value back, so put into it who takes.
 * - `take` does not see the keys of `put`, `get` and `remove`, nor they its.
 * - None is gone before its time; an expired one may be seen for another second.
 */
export interface Marks {
  take(tenant: string, marks: readonly Taking[], ttlMs: number): Promise<(string | undefined)[]>
  put(tenant: string, marks: readonly Mark[], ttlMs: number): Promise<void>
  /** What was put, by key. */
  get(tenant: string, keys: readonly string[]): Promise<Map<string, string>>
  /** Removes what was put. */
  remove(tenant: string, keys: readonly string[]): Promise<void>
}
