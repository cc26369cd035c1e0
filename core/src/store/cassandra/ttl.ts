/**
 * The latest moment at which a cell may expire, epoch ms: a day before 2038-01-19T03:14:06Z. Cassandra 5 stores
 * expirations as 32-bit seconds unless every node runs with `storage_compatibility_mode: NONE`, and rejects a write
 * whose TTL reaches past that. The day allows for clocks that differ.
 */
const LATEST_EXPIRY_MS = Date.parse('2038-01-18T03:14:06Z')

/**
 * The TTL of a cell that is kept until `until` (epoch ms), in whole seconds, at least 1. A later expiry than
 * Cassandra can store is cut to the latest it can: what was accepted is then kept for a shorter time, never refused.
 */
export const ttlUntil = (until: number, now = Date.now()): number =>
  Math.max(1, Math.ceil((Math.min(until, LATEST_EXPIRY_MS) - now) / 1_000))

/** The same for a cell that is kept for a duration in ms. */
export const ttlFor = (ms: number, now = Date.now()): number => ttlUntil(now + ms, now)
