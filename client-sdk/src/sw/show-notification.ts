import type { PushMessage } from '@carillon/schemas'
import { setAppBadge } from '../push/app-badge.ts'
import { messagesOf, REPORTS_MAX, type Shown } from '../push/shown-notifications.ts'

declare const self: ServiceWorkerGlobalScope

/**
 * Shows a message in the notification of its group, and resolves with its tag. The title has the number of shown messages of the
 * group, so messages are displayed one at a time.
 */
export const showNotification = async (message: PushMessage) => {
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
  setAppBadge(badge)
  return tag
}
