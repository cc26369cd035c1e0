/**
 * The service worker of a page that uses web push: shows push messages, and opens their links on a click. It is a classic
 * script that only adds listeners, so that a worker of your own can import it with `importScripts`.
 * @module
 */
import type { PushMessage } from '@carillon/schemas'

declare const self: ServiceWorkerGlobalScope

/** The data of a shown notification. Notifications of the page itself lack `carillon`. */
type Shown = {
  carillon: { url?: string | undefined; urls: Record<string, string | undefined> }
  data: PushMessage['data']
}

const show = ({ title, body, url, image, tag, actions = [], data }: PushMessage) => {
  const urls = Object.fromEntries(actions.map((action) => [action.name, action.url]))
  const options = {
    ...{ body, image, tag, data: { carillon: { url, urls }, data } satisfies Shown },
    actions: actions.map(({ name, label }) => ({ action: name, title: label })),
  }
  return self.registration.showNotification(title ?? self.location.host, options)
}

/** Focuses a window that shows the URL already, or opens a new one. */
const open = async (url: string) => {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const there = windows.find((each) => each.url === url)
  await (there ? there.focus() : self.clients.openWindow(url))
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

self.addEventListener('push', (event) => {
  const message = messageIn(event.data)
  if (message) event.waitUntil(show(message))
})

self.addEventListener('notificationclick', (event) => {
  const { carillon }: Partial<Shown> = event.notification.data ?? {}
  if (!carillon) return
  event.notification.close()
  event.waitUntil(open(carillon.urls[event.action] ?? carillon.url ?? self.registration.scope))
})
