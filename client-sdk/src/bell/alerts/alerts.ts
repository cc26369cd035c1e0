import type { InboxItem } from '@carillon/schemas'
import { nothing } from 'lit'
import type { Client } from '../../client/client.ts'
import type { Feed } from '../../feed/feed.ts'
import { adoptStyles } from '../adopt-styles.ts'
import type { Announcements } from '../announcements/announcements.ts'
import type { Follow } from '../follow.ts'
import type { Text } from '../text/text.ts'
import type { Toasts } from '../toasts/toasts.ts'
import { type AlertingElement, isAlerting, registerAlertingElement } from './alerting-element.ts'
import { createLazyPageBadge } from './lazy-page-badge.ts'
import { hasSound } from './sound-choice.ts'

type AlertOptions = {
  mode?: string | undefined
  /** Whether new items play a sound, unless the user has chosen. */
  sound?: boolean | undefined
  titleBadge?: boolean | undefined
  /** The URL of an icon that replaces the page's icons while there are unread items. */
  faviconBadge?: string | undefined
}

/** The interface of the element. */
export type AlertsHost = {
  element: HTMLElement
  options: () => AlertOptions
  text: () => Text
  root: () => ShadowRoot
  /** Whether the panel is shown, as a dialog or in place. */
  isOpen: () => boolean
  hasDialog: () => boolean
  openPanel: () => void
  follow: Follow
  update: () => void
}

const ANNOUNCED = ['banner', 'modal'] as const
const isAnnounced = ({ display }: InboxItem) => ANNOUNCED.includes(display as 'banner')

/** Resolves with a part; undefined if it cannot be loaded. The panel shows the same items, so this is not reported. */
const loaded = <T>(part: Promise<T>): Promise<T | undefined> => part.catch(() => undefined)

/**
 * Creates the alerts outside the panel: toasts, announcements, the sound, and the badge in the browser tab. Each part is loaded
 * when it is first needed.
 */
export const createAlerts = (host: AlertsHost) => {
  let me: AlertingElement | undefined
  let feed: Feed | undefined
  /** The feed of all announcements, if `feed` has not loaded all items of the inbox. */
  let older: Feed | undefined
  let toasts: Toasts | undefined
  let announcements: Announcements | undefined
  const badge = createLazyPageBadge()
  let off: (() => void)[] = []
  const isBanner = () => host.options().mode === 'banner'

  const toast = async (item: InboxItem) => {
    const part = await loaded(import('../toasts/toasts.ts'))
    if (!part || !me || host.isOpen()) return
    adoptStyles(host.root(), part.styles)
    // The `error` event of the client reports a failed action.
    const act = (item: InboxItem, name: string) => void feed?.act(item.id, name).catch(() => {})
    toasts ??= part.createToasts({ ...host, act })
    toasts.add(item)
  }
  const announce = async () => {
    if (!feed || !me) return
    const { items: newest, hasMore } = feed.getSnapshot()
    // Older items that are not loaded may include announcements.
    if (hasMore && !older) {
      older = me.client.feed({ display: ANNOUNCED })
      off.push(older.subscribe(announce), older.close)
    }
    const items = older?.getSnapshot().items ?? newest.filter(isAnnounced)
    if (items.length > 0 && !announcements) {
      const part = await loaded(import('../announcements/announcements.ts'))
      if (!part || !feed || announcements) return
      adoptStyles(host.root(), part.styles)
      announcements = part.createAnnouncements({ ...host, feed })
      return announce()
    }
    announcements?.set(items)
  }
  const showBadge = () => {
    const { titleBadge: title = false, faviconBadge: icon = '' } = host.options()
    if (me) void badge.show({ title, icon }, me.client.counts.getSnapshot)
  }

  return {
    connect(client: Client) {
      me = { element: host.element, client, isBanner }
      feed = client.feed()
      off = [
        registerAlertingElement(me),
        feed.subscribe(() => {
          host.update()
          void announce()
        }),
        client.counts.subscribe(showBadge),
        feed.close,
      ]
      void announce()
    },
    disconnect() {
      me = undefined
      feed = undefined
      older = undefined
      for (const end of off.splice(0)) end()
      toasts?.clear()
      announcements?.stop()
      announcements = undefined
      badge.stop()
    },
    /** Whether the inbox has been loaded. */
    get isLoaded() {
      return feed?.getSnapshot().status === 'ready'
    },
    /** Alerts the user to a new item. */
    arrived(item: InboxItem) {
      if (!me || !isAlerting(me)) return
      const isWatched = host.isOpen() && document.visibilityState === 'visible'
      if (hasSound(host.options().sound) && !isWatched)
        void loaded(import('./sound.ts')).then((part) => part?.playSound())
      if (!isAnnounced(item) && !host.isOpen()) void toast(item)
    },
    clearToasts: () => toasts?.clear(),
    render: () => {
      const showsBanner = me && isAlerting(me, 'banner')
      return [
        toasts?.render() ?? nothing,
        showsBanner ? (announcements?.banner(isBanner()) ?? nothing) : nothing,
        me && isAlerting(me) ? (announcements?.modal() ?? nothing) : nothing,
      ]
    },
    /** Called after each rendering. */
    rendered() {
      toasts?.rendered(host.root())
      announcements?.rendered()
      showBadge()
    },
  }
}
