import type { NotificationType } from '@carillon/schemas'

/** A type without its version, which the store assigns. */
export type NewType = Omit<NotificationType, 'version'>

/** One version: when it was published, and by which API key. `deleted`: with it the type was deleted. */
export type VersionEntry = { version: number; publishedAt: number; publishedBy?: string; deleted?: true }

/** A version that is not in force yet. `revision` changes with its content. */
export type Draft = { type: NewType; revision: string }

/** `by`: the API key. `expected`: the version that has to be in force. */
export type Publishing = { by?: string; expected?: number }

/** Notification types by key. Every version is kept and never changes. */
export interface Types {
  /**
   * Publishes the next version of a type, from 1, and resolves with it. A type that equals the current version does not
   * create a new one. Concurrent puts in any number of processes create a version each; the highest one is current.
   */
  put(tenant: string, type: NewType, by?: string): Promise<NotificationType>
  /** Like `put`, if this version is in force. Otherwise resolves with undefined and changes nothing. */
  putIf(tenant: string, type: NewType, publishing: Publishing): Promise<NotificationType | undefined>
  /** Returns the current version, or the given one. The versions of a deleted type can still be read by number. */
  get(tenant: string, key: string, version?: number): Promise<NotificationType | undefined>
  /** Returns the current versions, ordered by key. */
  list(tenant: string): Promise<NotificationType[]>
  /** Returns the versions before the given one, newest first; that of a deletion is among them. */
  versions(tenant: string, key: string, page: { before?: number; limit: number }): Promise<VersionEntry[]>
  /**
   * Deletes a type and its draft, if `expected` is in force or absent. A later `put` continues with the next version.
   * Resolves with false, and changes nothing, if another version is in force.
   */
  remove(tenant: string, key: string, publishing: Publishing): Promise<boolean>
  /** Returns the draft of a type. */
  draft(tenant: string, key: string): Promise<Draft | undefined>
  /** Replaces the draft, if its revision is `expected` or `expected` is absent. Otherwise resolves with undefined. */
  saveDraft(tenant: string, type: NewType, expected?: string): Promise<Draft | undefined>
  /** Discards the draft if it has this revision. Resolves with whether it did. */
  discardDraft(tenant: string, key: string, revision: string): Promise<boolean>
}
