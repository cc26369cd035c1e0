import type { StoredType } from '@carillon/schemas'

/** A type as it is put; the store gives it a version. */
export type NewType = Omit<StoredType, 'version'>

/** Notification types, by key. Every version is kept and never changes. */
export interface Types {
  /**
   * Publishes the next version of a type, from 1, and resolves to it. A type that equals the version in force makes no
   * new one. Of concurrent puts, on any number of processes, each makes a version of its own, and the highest is in force.
   */
  put(tenant: string, type: NewType): Promise<StoredType>
  /** The version in force, or the one that is named. */
  get(tenant: string, key: string, version?: number): Promise<StoredType | undefined>
  /** The versions in force, by key. */
  list(tenant: string): Promise<StoredType[]>
}
