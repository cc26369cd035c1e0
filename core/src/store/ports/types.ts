import type { NotificationType } from '@carillon/schemas'

/** A type without its version, which the store assigns. */
export type NewType = Omit<NotificationType, 'version'>

/** Notification types by key. Every version is kept and never changes. */
export interface Types {
  /**
   * Publishes the next version of a type, from 1, and resolves with it. A type that equals the version in force makes no
   * new version. Concurrent puts on any number of processes make a version each, and the highest one is in force.
   */
  put(tenant: string, type: NewType): Promise<NotificationType>
  /** Returns the version in force, or the given one. */
  get(tenant: string, key: string, version?: number): Promise<NotificationType | undefined>
  /** Returns the versions in force, ordered by key. */
  list(tenant: string): Promise<NotificationType[]>
}
