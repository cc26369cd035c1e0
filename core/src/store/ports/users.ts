import type { UserProfile } from '@carillon/schemas'
import type { Erasure } from '../erasure.ts'
import type { Stretch, UserPage } from './walk.ts'

export type StoredUser = { id: string; profile: UserProfile }

/** Attributes that came with a notification, and when that was accepted (epoch ms; now, unless given). */
export type IntroducedUser = StoredUser & { acceptedAt?: number }

/**
 * The people of a tenant. Addresses are encrypted at rest. All writes are idempotent.
 *
 * An erased user stays erased until `put`. Whatever the order in which `merge` and `remove` are carried out, nothing of
 * before an erasure is left.
 */
export interface Users {
  /**
   * Creates or merges: attributes that are given replace what was there, others stay. Users who are erased, or were
   * erased since `acceptedAt`, are left out. Each user at most once.
   */
  merge(tenant: string, users: readonly IntroducedUser[]): Promise<void>
  /** Creates or replaces. An erased user is one again. */
  put(tenant: string, user: StoredUser): Promise<void>
  get(tenant: string, ids: readonly string[]): Promise<StoredUser[]>
  /**
   * Erases the user: removes their profile, inbox, devices and topic memberships, and keeps when that was, for good,
   * under a keyed hash of the id. `erased` tells of it ERASURE_SETTLE_MS before anything is removed. Resolves to the time
   * of erasure.
   */
  remove(tenant: string, user: string): Promise<number>
  /** Those of the users who were ever erased. */
  erased(tenant: string, users: readonly string[]): Promise<Map<string, Erasure>>
  /** Every known user, in no promised order, each once, in pages of at most `limit`. */
  walk(tenant: string, stretch: Stretch, limit: number): Promise<UserPage>
}
