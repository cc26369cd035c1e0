/**
 * Latest expiry of a cell, epoch ms: a day before 2038-01-19T03:14:06Z. Cassandra 5 stores expiry as 32-bit seconds unless
 * every node runs with `storage_compatibility_mode: NONE`, and rejects later ones. The day allows for clock differences.
 */
const LATEST_EXPIRY_MS = Date.parse('2038-01-18T03:14:06Z')

/**
 * Returns the TTL of a cell that is kept until `until` (epoch ms), in whole seconds, at least 1. Caps it at
 * Cassandra's latest expiry, so that a write is kept for less time rather than rejected.
 */
export const ttlUntil = (until: number, now = Date.now()): number =>
  Math.max(1, Math.ceil((Math.min(until, LATEST_EXPIRY_MS) - now) / 1_000))

/** Returns the TTL of a cell that is kept for a duration in ms. */
export const ttlFor = (ms: number, now = Date.now()): number => ttlUntil(now + ms, now)
