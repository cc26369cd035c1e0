import { z } from 'zod'

/** The answer that was given first. */
export const Answer = z.object({ status: z.number(), body: z.unknown() })
export type Answer = z.infer<typeof Answer>

/**
 * `first`: do it, then `finish`; `id` is the same on every try, so that work repeated after a crash collapses.
 * `replay`: it was done, give this answer. `reused`: the key came with another body. `in_flight`: the first has
 * not ended; it may be tried again after IN_FLIGHT_MS.
 */
export type Claim =
  | { outcome: 'first'; id: string }
  | { outcome: 'replay'; answer: Answer }
  | { outcome: 'reused' }
  | { outcome: 'in_flight' }

/** After this long without an answer, the first request is taken for dead and another may do its work. */
export const IN_FLIGHT_MS = 30_000
/** How long a key is remembered. */
export const KEY_RETENTION_MS = 24 * 3_600_000
/** The most ids whose content is remembered; the oldest are forgotten first. */
export const IDS_MAX = 2_000_000

/** The content that an id is used with. `key` holds tenant and id, already hashed. */
export type IdUse = { key: string; fingerprint: string }

/**
 * Remembers requests by Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). Among any number of
 * concurrent claims for a key on any number of hubs exactly one is `first`. It lives beside the event log, so
 * accepting a notification never needs the database.
 */
export interface Idempotency {
  /** `key` holds tenant, credential and header value, already hashed; `body` is the hash of the body. */
  claim(key: string, body: string, newId: () => string): Promise<Claim>
  finish(key: string, answer: Answer): Promise<void>
  /** The work failed and nothing was done: the key is free again. */
  release(key: string): Promise<void>
  /**
   * Remembers the content that each id is used with first, for KEY_RETENTION_MS or until IDS_MAX later ones have come.
   * Returns for each use the fingerprint that stands: of any number of concurrent uses of an id, on any number of hubs,
   * one counts; of those in one call the first.
   */
  register(uses: readonly IdUse[]): Promise<string[]>
}
