import type { PushMessage } from '@carillon/schemas'

/** A message of a notification. The messages of a group share one notification. */
export type ShownMessage = Pick<PushMessage, 'tag' | 'item' | 'report'>

/** The data of a notification. The page's own notifications lack `carillon`. */
export type Shown = {
  carillon: {
    url?: string | undefined
    urls: Record<string, string | undefined>
    /** Newest first. */
    messages: readonly ShownMessage[]
  }
  data: PushMessage['data']
}

/** Maximum number of reports in one request, and of messages of one notification. */
export const REPORTS_MAX = 50

/** Returns the messages of a notification; an empty list for the page's own notifications. */
export const messagesOf = ({ data }: Pick<Notification, 'data'>): readonly ShownMessage[] =>
  (data as Partial<Shown> | null)?.carillon?.messages ?? []

/**
 * Runs a task that shows or lists notifications; one at a time in the worker and all pages of the origin. Chromium drops a
 * notification if `getNotifications` is called before `showNotification` has resolved.
 */
export const exclusively = <T>(task: () => Promise<T>): Promise<T> =>
  navigator.locks.request('carillon-push', task)
