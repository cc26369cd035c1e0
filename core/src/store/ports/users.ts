import type { Reported, ReportedPatch, UserProfile } from '@carillon/schemas'
import type { Erasure } from '../rules/erasure.ts'
import type { Stretch, UserPage } from './walk.ts'

export type StoredUser = { id: string; profile: UserProfile }

/** A stored user with the attributes that front ends reported, which are separate from the profile. */
export type KnownUser = StoredUser & { reported?: Reported }

/** Attributes sent with a notification. `acceptedAt`: when it was accepted, epoch ms; default now. */
export type IntroducedUser = StoredUser & { acceptedAt?: number }

/**
 * The users of a tenant. Addresses are encrypted at rest. All writes are idempotent.
 *
 * An erased user stays erased until `put`. No data from before an erasure remains, whatever the order in which `merge` and
 * `remove` take effect.
 */
export interface Users {
  /**
   * Creates users or merges attributes into them. Skips users who are erased or were erased since `acceptedAt`. Each user
   * may appear once.
   */
  merge(tenant: string, users: readonly IntroducedUser[]): Promise<void>
  /** Creates or replaces a user. Lifts an erasure. */
  put(tenant: string, user: StoredUser): Promise<void>
  get(tenant: string, ids: readonly string[]): Promise<KnownUser[]>
  /**
   * Changes the reported attributes of a user; creates the user if necessary. `put` and `merge` do not change them. Resolves
   * with false, changing nothing, if the user is erased, or was erased since `since` (epoch ms; default now).
   */
  report(tenant: string, user: string, patch: ReportedPatch, since?: number): Promise<boolean>
  /**
   * Erases a user: removes profile, inbox, devices and memberships, and keeps the time of erasure permanently
   * under a keyed hash of the id. `erased` reports the erasure ERASURE_SETTLE_MS before anything is removed.
   * Resolves to the time of erasure.
   */
  remove(tenant: string, user: string): Promise<number>
  /** Returns erasures by user. Users who were never erased are omitted. */
  erased(tenant: string, users: readonly string[]): Promise<Map<string, Erasure>>
  /** Walks all users, each once, in unspecified order, in pages of at most `limit`. */
  walk(tenant: string, stretch: Stretch, limit: number): Promise<UserPage>
}
