import { z } from 'zod'

/** Kinds of stored values that processes cache. */
export const KINDS = ['tenant', 'key', 'type', 'accounts', 'endpoint', 'erasure'] as const

/** A cached value that is out of date. `id` names it where a tenant has several of the kind. */
export const Change = z.object({ kind: z.enum(KINDS), tenant: z.string(), id: z.string().optional() })
export type Change = z.infer<typeof Change>
export type ChangeKind = Change['kind']

/** `all`: anything may have changed. */
export type Changes = readonly Change[] | 'all'

/**
 * Tells every process of an installation what was changed in the store, so that none of them uses a cached value any
 * longer.
 *
 * - `publish` calls the listeners of this process before it returns, and resolves when the bus has the change. It
 *   never rejects: while the bus is out of reach, other processes keep a value for at most the TTL of its cache.
 * - Listeners hear `all` after an outage of the bus, because changes may have been missed.
 */
export interface Invalidations {
  publish(changes: Changes): Promise<void>
  subscribe(listener: (changes: Changes) => void): void
  close(): Promise<void>
}
