import { z } from 'zod'

/** The stored answer. */
export const Answer = z.object({ status: z.number(), body: z.unknown() })
export type Answer = z.infer<typeof Answer>

/**
 * The result of a claim.
 *
 * - `first`: do the work, then call `finish`. `id` is the same on every attempt, so that work repeated after a crash is
 *   deduplicated.
 * - `replay`: the work is done; return this answer.
 * - `reused`: the key was used with another body.
 * - `in_flight`: the first request has not finished. It can be taken over after IN_FLIGHT_MS.
 */
export type Claim =
  | { outcome: 'first'; id: string }
  | { outcome: 'replay'; answer: Answer }
  | { outcome: 'reused' }
  | { outcome: 'in_flight' }

/** Time without an answer after which another request takes over. */
export const IN_FLIGHT_MS = 30_000
/** Retention of keys. */
export const KEY_RETENTION_MS = 24 * 3_600_000
/** Maximum registered ids; the oldest are dropped first. */
export const IDS_MAX = 2_000_000

/** The fingerprint that an id is used with. `key`: hash of tenant and id. */
export type IdUse = { key: string; fingerprint: string }

/**
 * Stores requests by Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). Of any number of concurrent claims of a
 * key, on any number of hubs, exactly one is `first`. Stored beside the event log, so that accepting a notification does
 * not depend on the database.
 */
export interface Idempotency {
  /** Claims a key. `key`: hash of tenant, credential and header value. `body`: hash of the body. */
  claim(key: string, body: string, newId: () => string): Promise<Claim>
  finish(key: string, answer: Answer): Promise<void>
  /** Releases a key whose work failed and changed nothing. */
  release(key: string): Promise<void>
  /**
   * Registers the fingerprint that each id is first used with, for KEY_RETENTION_MS or IDS_MAX later ids. Returns the
   * registered fingerprint of each use. Of any number of concurrent uses of an id, on any number of hubs, one is
   * registered; within one call, the first.
   */
  register(uses: readonly IdUse[]): Promise<string[]>
  /** Reports whether an id is registered. `key`: hash of tenant and id. */
  isRegistered(key: string): Promise<boolean>
}
