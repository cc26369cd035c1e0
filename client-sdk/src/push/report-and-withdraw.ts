import { setAppBadge } from './app-badge.ts'
import { post, type Report, readConfig, writeConfig } from './config.ts'
import { exclusively, messagesOf, REPORTS_MAX } from './shown-notifications.ts'

/** Maximum number of stored reports. */
const WAITING_MAX = 20

/**
 * Sends reports to the hub, and closes the shown notifications that are out of date by its answer, except `keep`. Reports that
 * cannot be sent are stored for the next call. Does nothing if there is nothing to report or to ask.
 */
export const reportAndWithdraw = async (
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
    setAppBadge(answer.unread)
  } catch {
    // The hub is unreachable. The next call sends the reports again.
    await writeConfig({ ...config, waiting: [...waiting, ...reports].slice(-WAITING_MAX) })
  }
}
