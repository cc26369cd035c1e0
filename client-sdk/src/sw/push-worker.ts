/**
 * Web push in a service worker: shows messages in groups, updates the app badge, opens links in the app's own windows, reports
 * deliveries and clicks, and renews the subscription.
 * @module
 */
import type { PushMessage } from '@carillon/schemas'
import type { Report } from '../push/config.ts'
import { reportAndWithdraw } from '../push/report-and-withdraw.ts'
import { exclusively, messagesOf, type Shown } from '../push/shown-notifications.ts'
import { createQueue } from '../timing/serial-queue.ts'
import { openUrl } from './open-url.ts'
import { renewSubscription } from './renew-subscription.ts'
import { showNotification } from './show-notification.ts'

declare const self: ServiceWorkerGlobalScope

/** Sends reports one at a time, so that each call includes the reports that the previous one could not send. */
const inOrder = createQueue()

const report = (reports: readonly Report[], keep?: string) =>
  inOrder(() => reportAndWithdraw(self.registration, reports, keep))

const show = async (message: PushMessage) => {
  const tag = await exclusively(() => showNotification(message))
  const { report: token } = message
  await report(token ? [{ token, event: 'delivered' }] : [], tag)
}

const clicked = async (notification: Notification, action: string) => {
  const { url, urls } = (notification.data as Shown).carillon
  const [newest] = messagesOf(notification)
  notification.close()
  const link = action ? urls[action] : (url ?? self.registration.scope)
  await Promise.all([
    // The browser may refuse to open a window. The click is reported anyway.
    link && openUrl(link).catch(() => {}),
    newest?.report && report([{ token: newest.report, event: 'clicked', ...(action && { action }) }]),
  ])
}

/** Returns the message; undefined for a message from another sender, which the page's own worker may handle. */
const messageIn = (data: PushMessageData | null): PushMessage | undefined => {
  try {
    const message: Partial<PushMessage> = data?.json()
    return typeof message.notification === 'string' ? (message as PushMessage) : undefined
  } catch {
    return undefined
  }
}

/**
 * Handles the web push of Carillon in a service worker. Call it once, when the worker starts. Ignores messages and
 * notifications of other senders.
 */
export const handlePush = (): void => {
  self.addEventListener('push', (event) => {
    const message = messageIn(event.data)
    if (message) event.waitUntil(show(message))
  })
  self.addEventListener('notificationclick', (event) => {
    if (messagesOf(event.notification).length > 0) event.waitUntil(clicked(event.notification, event.action))
  })
  self.addEventListener('pushsubscriptionchange', (event) => {
    event.waitUntil(
      renewSubscription((event as { newSubscription?: PushSubscription | null }).newSubscription),
    )
  })
}
