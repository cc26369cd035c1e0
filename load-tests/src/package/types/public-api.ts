/** A program against the public API, which is compiled against the packed package. */
import { CarillonError, type Client, createClient, type Feed, type InboxItem } from '@carillon/client'
import { defineNotificationBell, type NotificationBell } from '@carillon/client/bell'
import { createPush, type PushState } from '@carillon/client/push'
import {
  NotificationBell as Bell,
  CarillonProvider,
  type useClient,
  useClientEvent,
  type useConnection,
  type useCounts,
  useCountsBy,
  useFeed,
  useNotification,
  usePreferences,
} from '@carillon/client/react'
import { handlePush } from '@carillon/client/sw'
import { createElement, createRef } from 'react'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_ extends true>() => {}

const client = createClient({ url: 'https://hub.example', token: async () => 'a token' })
is<Equal<typeof client, Client>>()
// @ts-expect-error A token is required.
createClient({ url: 'https://hub.example' })

const feed = client.feed({ status: 'unread', category: 'orders' })
is<Equal<typeof feed, Feed>>()
is<Equal<ReturnType<Feed['getSnapshot']>['items'], readonly InboxItem[]>>()
// @ts-expect-error There is no such status.
client.feed({ status: 'new' })
// @ts-expect-error Snapshots do not change.
feed.getSnapshot().items.push({})

client.on('notification', (item) => is<Equal<typeof item, InboxItem>>())
client.on('error', (error) => is<Equal<typeof error, CarillonError>>())
// @ts-expect-error There is no such event.
client.on('notifications', () => {})
is<Equal<ReturnType<Client['on']>, () => void>>()

const item = feed.getSnapshot().items[0]
if (item) {
  is<Equal<typeof item.id, string>>()
  is<Equal<typeof item.readAt, string | null>>()
  // @ts-expect-error Items do not change.
  item.nothing
}
export const code = (error: unknown) => (error instanceof CarillonError ? error.code : undefined)

defineNotificationBell()
const element: NotificationBell = document.createElement('notification-bell')
element.theme = 'dark'
// @ts-expect-error There is no such theme.
element.theme = 'black'
element.token = async () => 'a token'
element.navigate = (url) => is<Equal<typeof url, string>>()
// @ts-expect-error There is no such text.
element.strings = { bells: 'News' }

const push = createPush({ url: '/', token: 'a token' })
is<Equal<ReturnType<typeof push.enable>, Promise<PushState>>>()
is<Equal<ReturnType<typeof push.resume>, Promise<PushState>>>()
is<Equal<ReturnType<typeof push.follow>, () => void>>()
push.follow(client.counts)
is<Equal<ReturnType<typeof handlePush>, void>>()
handlePush()

export const Inbox = () => {
  const { items, counts, hasMore, more, read, readAll, status } = useFeed({ status: 'unread' })
  is<Equal<typeof items, readonly InboxItem[]>>()
  is<Equal<typeof counts.unread, number>>()
  is<Equal<typeof hasMore, boolean>>()
  is<Equal<typeof status, 'loading' | 'ready' | 'error'>>()
  is<Equal<ReturnType<typeof more>, Promise<void>>>()
  is<Equal<ReturnType<typeof readAll>, Promise<void>>>()
  void read('1', { group: true })
  // @ts-expect-error The hook closes the feed.
  useFeed().close()
  is<Equal<ReturnType<typeof useClient>, Client>>()
  is<Equal<ReturnType<typeof useConnection>, Client['connection']>>()
  is<Equal<ReturnType<typeof useCounts>['unread'], number>>()
  is<Equal<ReturnType<ReturnType<typeof useCountsBy>['get']>, ReturnType<typeof useCounts> | undefined>>()
  // @ts-expect-error There is no such label.
  useCountsBy('priority')
  const { effective, change } = usePreferences()
  is<Equal<NonNullable<typeof effective>['muted'], boolean>>()
  void change({ categories: { orders: { email: 'daily' } } })
  // @ts-expect-error There is no such frequency.
  void change({ categories: { orders: { email: 'yearly' } } })
  useNotification(({ title }) => is<Equal<typeof title, string | undefined>>())
  useClientEvent('error', ({ action }) => action?.verb)
  return null
}

const ref = createRef<NotificationBell>()
createElement(
  CarillonProvider,
  { url: '/', tokenUrl: '/my-token' },
  createElement(Bell, { ref, theme: 'dark' }),
)
createElement(Bell, { client, titleBadge: true, sound: true, faviconBadge: '/unread.png', mode: 'banner' })
createElement(Bell, { client, navigate: (url: string) => void url, onItemClick: (event) => event.detail.url })
// @ts-expect-error There is no such mode.
createElement(Bell, { mode: 'full' })
