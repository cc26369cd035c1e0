/**
 * Web push in a service worker: shows messages in groups, keeps the badge of the app, opens links in the app's own windows,
 * reports deliveries and clicks, and renews the subscription.
 * @module
 */
import type { PushMessage } from '@carillon/schemas'
import { deviceId, post, type Report, readConfig, writeConfig } from '../push/config.ts'
import { exclusively, messagesOf, REPORTS_MAX, type Shown, setBadge, sync } from '../push/shown.ts'
import { createQueue } from '../timing/serial-queue.ts'

declare const self: ServiceWorkerGlobalScope

/** Sends reports one at a time, so that each call includes the reports that the previous one could not send. */
const syncs = createQueue()

/** Shows a message. Its title has the number of shown messages of its group, so messages are displayed one at a time. */
const display = async (message: PushMessage) => {
  const { title = self.location.host, body, url, image, group, actions = [], data, badge } = message
  const tag = group ?? message.tag
  const [before] = await self.registration.getNotifications({ tag })
  const earlier = before ? messagesOf(before).filter((each) => each.tag !== message.tag) : []
  const isNew = messagesOf(before ?? { data: null }).length === earlier.length
  const messages = [{ tag: message.tag, item: message.item, report: message.report }, ...earlier].slice(
    0,
    REPORTS_MAX,
  )
  const urls = Object.fromEntries(actions.map((action) => [action.name, action.url]))
  const options = {
    ...{ body, image, tag, data: { carillon: { url, urls, messages }, data } satisfies Shown },
    // A repeated message is silent.
    renotify: isNew,
    actions: actions.map(({ name, label }) => ({ action: name, title: label })),
  }
  const count = messages.length > 1 ? ` (${messages.length})` : ''
  await self.registration.showNotification(title + count, options)
  setBadge(badge)
  return tag
}

const report = (reports: readonly Report[], keep?: string) =>
  syncs(() => sync(self.registration, reports, keep))

const show = async (message: PushMessage) => {
  const tag = await exclusively(() => display(message))
  const { report: token } = message
  await report(token ? [{ token, event: 'delivered' }] : [], tag)
}

/**
 * Opens a URL; a path is relative to the app's origin. A URL of that origin is opened in an open window if there is one: the
 * window that shows the URL, or else the one used last.
 */
const open = async (url: string) => {
  const { href, origin, protocol } = new URL(url, self.location.href)
  if (!/^https?:$/.test(protocol)) return
  const windows =
    origin === self.location.origin
      ? await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
      : []
  const there = windows.find((each) => each.url === href) ?? windows[0]
  // A window that this worker does not control cannot be navigated.
  const shown = there?.url === href ? there : await there?.navigate(href).catch(() => null)
  await (shown ? shown.focus() : self.clients.openWindow(href))
}

const clicked = async (notification: Notification, action: string) => {
  const { url, urls } = (notification.data as Shown).carillon
  const [newest] = messagesOf(notification)
  notification.close()
  const link = action ? urls[action] : (url ?? self.registration.scope)
  await Promise.all([
    // The browser may refuse to open a window. The click is reported anyway.
    link && open(link).catch(() => {}),
    newest?.report && report([{ token: newest.report, event: 'clicked', ...(action && { action }) }]),
  ])
}

/** Subscribes again, and replaces the subscription that the hub knows. */
const renew = async (given: PushSubscription | null | undefined) => {
  const config = await readConfig()
  if (!config?.renewal) return
  const subscription =
    given ??
    (await self.registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: config.key,
    }))
  const { endpoint = '', keys } = subscription.toJSON()
  const renewal = { token: config.renewal, id: await deviceId(endpoint), endpoint, keys }
  const answer = await post<{ renewal: string }>(`${config.url}v1/push/renewals`, renewal)
  if (answer) await writeConfig({ ...config, renewal: answer.renewal })
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
    event.waitUntil(renew((event as { newSubscription?: PushSubscription | null }).newSubscription))
  })
}
