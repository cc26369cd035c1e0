/** A notification with a cancel key. Times are epoch ms. */
export type KeyedNotification = {
  key: string
  notification: string
  /** When the log appended it. */
  at: number
  /** When it is to be delivered. It is kept from then on as long as its record. */
  dueAt: number
}

/** A place in the notifications of a key, which are ordered by acceptance (epoch ms), then by the bytes of the id. */
export type KeyedPlace = Pick<KeyedNotification, 'notification' | 'at'>

/** The notifications of a cancelled key, oldest first. `more`: there are further ones. */
export type KeyedPage = { found: KeyedPlace[]; more: boolean }

/**
 * The keys under which senders cancel notifications, and the time up to which each key is cancelled.
 *
 * `enter` stores the notification before it reads that time, and `cancel` stores the time before it reads the notifications.
 * So a notification accepted up to that time is reported by `enter`, by `cancel` or by both, in any number of processes.
 */
export interface CancelKeys {
  /** Stores notifications under their keys. Returns, for each, whether its key is cancelled up to its `at` or later. Repeatable. */
  enter(tenant: string, notifications: readonly KeyedNotification[]): Promise<boolean[]>
  /**
   * Cancels a key up to `at`, epoch ms; an earlier time than before changes nothing. Returns at most `limit` notifications
   * accepted up to `at`, after the place of `pass`.
   */
  cancel(tenant: string, key: string, at: number, limit: number): Promise<KeyedPage>
  /** Returns the time up to which a key is cancelled, epoch ms; undefined if it is not. */
  cancelledUntil(tenant: string, key: string): Promise<number | undefined>
  /** Leaves out notifications up to this place from further calls of `cancel`. */
  pass(tenant: string, key: string, place: KeyedPlace): Promise<void>
}
