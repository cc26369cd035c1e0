/** A notification with an entity or a tag. Times are epoch ms. */
export type LabelledNotification = {
  /** A label of its entity or of a tag. See `labelsOf`. */
  label: string
  /** Its context; '' for none. */
  context: string
  notification: string
  /** When the log appended it. */
  at: number
  /** When it is to be delivered. The entry is kept for as long after that as the record of the notification. */
  dueAt: number
}

/** A place in the notifications of a label, which are ordered by acceptance (epoch ms), then by the bytes of the id. */
export type LabelledPlace = { at: number; notification: string }

/** Notifications of a label, newest first. A page may be empty and still have a `next`, which is absent at the end. */
type LabelledPage = { found: (LabelledPlace & { context: string })[]; next?: LabelledPlace }

/**
 * The notifications of each entity and tag, and the time up to which they are recalled.
 *
 * `enter` stores the notification before it reads that time, and `recall` stores the time before callers list the
 * notifications. So a notification accepted up to that time is reported by `enter`, by `list` or by both, in any number of
 * processes.
 */
export interface Labelled {
  /** Stores notifications under their labels. Returns, for each, whether it is recalled. Repeatable. */
  enter(tenant: string, notifications: readonly LabelledNotification[]): Promise<boolean[]>
  /**
   * Recalls the notifications accepted up to `at` (epoch ms), in a context or in all of them. An earlier time than before
   * changes nothing.
   */
  recall(tenant: string, label: string, recall: { at: number; context?: string | undefined }): Promise<void>
  /** Returns the notifications of a label that were accepted before a place. Reads a bounded number of rows. */
  list(tenant: string, label: string, query: { before: LabelledPlace; limit: number }): Promise<LabelledPage>
}
