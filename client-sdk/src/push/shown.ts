import type { PushMessage } from '@carillon/schemas'
import { post, type Report, readConfig, writeConfig } from './config.ts'

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
/** Maximum number of stored reports. */
const WAITING_MAX = 20

/** Returns the messages of a notification; an empty list for the page's own notifications. */
export const messagesOf = ({ data }: Pick<Notification, 'data'>): readonly ShownMessage[] =>
  (data as Partial<Shown> | null)?.carillon?.messages ?? []

/** Shows the number of unread items on the icon of the app, if the browser supports it. */
export const setBadge = (unread: number | undefined) => {
  // The browser may refuse the badge, which is optional.
  if (unread !== undefined) navigator.setAppBadge?.(unread).catch(() => {})
}

/**
 * Runs a task that shows or lists notifications; one at a time in the worker and all pages of the origin. Chromium drops a
 * notification if `getNotifications` is called before `showNotification` has resolved.
 */
export const exclusively = <T>(task: () => Promise<T>): Promise<T> =>
  navigator.locks.request('carillon-push', task)

/**
 * Sends reports to the hub, and closes the shown notifications that the hub says are out of date, except `keep`. Reports that
 * cannot be sent are stored for the next call. Does nothing if there is nothing to report or to ask.
 */
export const sync = async (
  registration: ServiceWorkerRegistration,
  reports: readonly Report[] = [],
  keep?: string,
): Promise<void> => {
  const config = await readConfig()
  if (!config) return
  const { waiting = [] } = config
  const shown = (await exclusively(() => registration.getNotifications()))
    .flatMap(messagesOf)
    .flatMap(({ report: token }) =>
      token && !reports.some((each) => each.token === token) ? [{ token, event: 'shown' } as const] : [],
    )
  const all = [...reports, ...waiting, ...shown].slice(0, REPORTS_MAX)
  if (all.length === 0) return
  try {
    const answer = await post<{ unread?: number; withdraw: string[] }>(`${config.url}v1/push/reports`, {
      reports: all,
    })
    if (waiting.length > 0) await writeConfig({ ...config, waiting: [] })
    if (!answer) return
    await exclusively(async () => {
      // Listed again, because a newer message may have replaced a notification since.
      for (const notification of await registration.getNotifications()) {
        const messages = messagesOf(notification)
        const isOver = messages.every(({ item }) => item && answer.withdraw.includes(item))
        if (isOver && messages.length > 0 && notification.tag !== keep) notification.close()
      }
    })
    setBadge(answer.unread)
  } catch {
    // The hub is unreachable.
    await writeConfig({ ...config, waiting: [...waiting, ...reports].slice(-WAITING_MAX) })
  }
}
