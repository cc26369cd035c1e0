import type { Client } from '../../client/client.ts'
import type { Push } from '../../push/push.ts'
import { soundSwitch } from '../alerts/sound-choice.ts'
import type { Follow } from '../follow.ts'
import type { PageHost } from '../preferences/preferences-page.ts'
import type { Problem } from '../problem.ts'
import { createSeen } from '../seen.ts'
import { contentStyles } from '../styles/content.ts'
import { controlStyles } from '../styles/controls.ts'
import { itemStyles } from '../styles/item.ts'
import { listStyles } from '../styles/list.ts'
import { menuStyles } from '../styles/menu.ts'
import { panelStyles } from '../styles/panel.ts'
import { derivedText } from '../text/derived-text.ts'
import type { Text } from '../text/text.ts'
import { timesIn } from '../text/times.ts'
import { createCategories } from './categories.ts'
import { PANEL_ENGLISH } from './english.ts'
import { createFocusAndHover } from './focus-and-hover.ts'
import { onPanelKey } from './keys.ts'
import { createLazyCards } from './lazy-cards.ts'
import { createLazyItemSwipe } from './lazy-item-swipe.ts'
import { createLazyPreferences } from './lazy-preferences.ts'
import { createLazyPushOffer } from './lazy-push-offer.ts'
import { createLazySelectionBar } from './lazy-selection-bar.ts'
import { createLazyVirtualList } from './lazy-virtual-list.ts'
import { createList } from './list.ts'
import { createListActs } from './list-acts.ts'
import { createLoading } from './loading.ts'
import { createMenu } from './menu.ts'
import { createOffline } from './offline.ts'
import type { Panel, RenderItem } from './panel-state.ts'
import { createSelection } from './selection.ts'
import { snoozeTimes } from './snooze-times.ts'
import { fadeTabs } from './tab-strip.ts'
import { UNREAD } from './tabs.ts'
import { createUndo } from './undo.ts'
import { createVerbs } from './verbs.ts'
import { panelView } from './view.ts'

/** The styles of the panel. */
export const styles = [controlStyles, panelStyles, contentStyles, listStyles, itemStyles, menuStyles]

/** The interface of the element around the panel. */
export type PanelHost = {
  client: Client
  root: ShadowRoot
  text: () => Text
  textWith: PageHost['textWith']
  locale: () => string
  isSheet: () => boolean
  /** Whether new items play a sound, unless the user has chosen. */
  sound: () => boolean | undefined
  /** Returns web push, if the page has it. */
  openPush: () => Promise<Push> | undefined
  problem: () => Problem | undefined
  renderItem: () => RenderItem | undefined
  announce: (text: string) => void
  follow: Follow
  close: () => void
  update: () => void
}

/** Creates the panel of a bell: its list, the actions on it, and the state that the views show. */
export const createPanel = (host: PanelHost) => {
  const { client, root, announce, update } = host
  const text = derivedText(host.text, () => host.textWith(PANEL_ENGLISH))
  const times = timesIn(host.locale)
  const list = createList(client, update, () => cards.areLoaded())
  const cards = createLazyCards(root, () => panel, list.changed)
  const undo = createUndo(update)
  const selection = createSelection(update)
  const menu = createMenu(update)
  const verbs = createVerbs({ list, undo, text, times, announce, update })
  // The `error` event of the client reports a failure.
  const seen = createSeen((ids) => void list.feed.seen(ids).catch(() => {}))
  const unfolded = new Set<string>()
  const focusAndHover = createFocusAndHover(root, list, () => selection.active || menu.isOpen, update)
  const { scroller, focusItem, onFocus, onHover } = focusAndHover
  const virtual = createLazyVirtualList({ list, focusAndHover, menu, update })
  const push = createLazyPushOffer(host)
  const rest = () => {
    seen.stop()
    focusAndHover.reset()
    selection.stop()
  }
  const preferences = createLazyPreferences({ ...host, times, pushSetting: push.setting }, rest)
  const loading = createLoading(update)
  const categories = createCategories(client, list, update)
  const offline = createOffline(client, update)

  const panel: Panel = {
    ...{ list, verbs, undo, selection, menu, unfolded, categories, update },
    ...{ now: client.now, offer: push.card, entries: virtual.entries, focusItem, onHover, onFocus },
    get text() {
      return text()
    },
    get times() {
      return times()
    },
    get isSheet() {
      return host.isSheet()
    },
    get isOffline() {
      return offline.isShown && list.status === 'ready'
    },
    get isLoading() {
      return loading.isShown
    },
    get problem() {
      return host.problem()
    },
    get renderItem() {
      return host.renderItem()
    },
    get focused() {
      return focusAndHover.focused
    },
    ...createListActs({ list, selection, focusAndHover, undo, scrolled: virtual.scrolled, text, announce }),
    ...{ follow: host.follow, close: host.close, openPreferences: preferences.open },
    ...{ sound: () => soundSwitch(host.sound()), cards: cards.render, countOf: categories.countOf },
    onPointerDown: createLazyItemSwipe(root, () => ({ list, verbs, selection, text })),
    ...{ selectionBar: createLazySelectionBar(update), snoozeTimes },
  }
  // The page scrolls if the list has no height of its own. Scroll events do not bubble.
  addEventListener('scroll', panel.onScroll, true)

  return {
    /** Renders the content of the panel. */
    render() {
      loading.follow(list.status === 'loading')
      return preferences.render() ?? panelView(panel)
    },
    /** Returns the counts, without the items that are about to be deleted. */
    counts: () => categories.countOf(UNREAD),
    /** Commits the action that the user could still undo. */
    commit: undo.commit,
    /** Called when the panel opens, or replaces the panel of another user, which may have had the focus. */
    open() {
      if (document.activeElement === document.body) root.querySelector<HTMLElement>('dialog.panel')?.focus()
      list.reopen()
      push.open()
    },
    /** Handles the keys of the whole panel. */
    onKey: (event: KeyboardEvent) => onPanelKey(event, panel),
    /** Called after each rendering while the panel is open. */
    rendered() {
      preferences.rendered()
      categories.start()
      const scroll = scroller()
      if (!scroll) return
      for (const tabs of root.querySelectorAll('.tabs')) fadeTabs(tabs)
      // A classic scrollbar takes space, and replaces the padding at the end.
      scroll.style.paddingInlineEnd = scroll.offsetWidth > scroll.clientWidth ? '0' : ''
      virtual.rendered()
      focusAndHover.rendered()
      seen.watch(scroll, scroll.querySelectorAll('[data-id]'))
    },
    /** Called when the panel closes. */
    closed() {
      undo.commit()
      preferences.close()
      categories.stop()
      rest()
    },
    stop() {
      for (const part of [categories, seen, loading, offline, push, virtual]) part.stop()
      preferences.close()
      undo.commit()
      removeEventListener('scroll', panel.onScroll, true)
      list.close()
    },
  }
}

export type BellPanel = ReturnType<typeof createPanel>
