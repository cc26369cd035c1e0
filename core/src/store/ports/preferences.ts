import type { ChangeWay, PreferenceChange, PreferenceValue } from '@carillon/schemas'
import type { Documents } from '../../preferences/documents.ts'

/**
 * A changed choice. `path` is a JSON Pointer into the preferences, such as `/categories/orders/email`; null removes the
 * choice there and every choice below it. `context`: the context that the choice is for; a
 * general choice if absent.
 */
export type ChoiceChange = { path: string; value: PreferenceValue | null; context?: string }

/** Changes that are made together, by whom, and in which way. */
export type Changes = {
  changes: readonly ChoiceChange[]
  via: ChangeWay
  /** The user, or the id of an API key. */
  by: string
  /** The changes are void if the user was erased since then (epoch ms): the time of issue of a token. Default now. */
  since?: number
  /**
   * A condition: the document of this context, general preferences if absent, has this `preferencesRevision`. All changes are
   * then in that document.
   */
  expected?: { context?: string; revision: string }
}

/** `erased`: the user is erased, or was since `since`. `stale`: `expected` does not hold. */
export type ChangeOutcome = 'made' | 'erased' | 'stale'

/** How long a change stays on record, in ms. */
export const CHANGES_KEPT_MS = 366 * 86_400_000
/** Changes of a user that stay on record, at least. The oldest beyond them are removed now and then. */
export const CHANGES_KEPT = 1_000

/**
 * The choices of users. Each choice is stored on its own, so concurrent changes of different choices all take effect.
 * Keys that people choose may be any text; `__proto__` is a name like any other.
 */
export interface UserPreferences {
  /**
   * Returns the choices of users, in general and in every context. Users without any are omitted. A chunk of 500 users costs
   * at most SLOTS queries.
   */
  get(tenant: string, users: readonly string[]): Promise<Map<string, Documents>>
  /**
   * Records the changes, then makes them. Idempotent without a condition, except for the record. If it does not resolve with
   * `made`, nothing has changed. Of concurrent changes with the same `expected`, one is made, if it changes the document. A
   * change without a condition that is concurrent with one is not noticed by it.
   */
  change(tenant: string, user: string, changes: Changes): Promise<ChangeOutcome>
  /** Returns what was changed, newest first, at most `limit` changes. `next` is absent on the last page. */
  changes(
    tenant: string,
    user: string,
    page: { before?: number; limit: number },
  ): Promise<{ changes: PreferenceChange[]; next?: number }>
}
