import type { NotificationType } from '@carillon/schemas'

/** A type without its version, which the store assigns. */
export type NewType = Omit<NotificationType, 'version'>

/** Notification types by key. Every version is kept and never changes. */
export interface Types {
  /**
   * Publishes the next version of a type, from 1, and resolves with it. A type that equals the current version does not
   * create a new one. Concurrent puts in any number of processes create a version each; the highest one is current.
   */
  put(tenant: string, type: NewType): Promise<NotificationType>
  /** Returns the current version, or the given one. */
  get(tenant: string, key: string, version?: number): Promise<NotificationType | undefined>
  /** Returns the current versions, ordered by key. */
  list(tenant: string): Promise<NotificationType[]>
}
