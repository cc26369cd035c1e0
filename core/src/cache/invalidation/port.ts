import { z } from 'zod'

/** Kinds of cached values. */
export const KINDS = [
  'tenant',
  'context',
  'key',
  'type',
  'categories',
  'library',
  'accounts',
  'endpoint',
  'erasure',
  'preferences',
] as const

/** An outdated cached value. `id` identifies it if a tenant has several of the kind. */
export const Change = z.object({ kind: z.enum(KINDS), tenant: z.string(), id: z.string().optional() })
export type Change = z.infer<typeof Change>
export type ChangeKind = Change['kind']

/** `all`: any value may be outdated. */
export type Changes = readonly Change[] | 'all'

/**
 * Cache invalidation across all processes of an installation.
 *
 * - `publish` calls the listeners of this process before it returns, and resolves when the bus has the changes. It never
 *   rejects: while the bus is unavailable, other processes use a value for at most the TTL of its cache.
 * - Listeners receive `all` after an outage of the bus, because changes may have been lost.
 */
export interface Invalidations {
  publish(changes: Changes): Promise<void>
  subscribe(listener: (changes: Changes) => void): void
  close(): Promise<void>
}
