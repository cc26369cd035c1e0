import type { Counts, InboxItem } from '@carillon/schemas'
import type { TemplateResult } from 'lit'
import type { Follow } from '../follow.ts'
import type { Problem } from '../problem.ts'
import type { Times } from '../text/times.ts'
import type { createCategories } from './categories.ts'
import type { PanelText } from './english.ts'
import type { Entry } from './lazy-virtual-list.ts'
import type { List } from './list.ts'
import type { createMenu } from './menu.ts'
import type { createSelection } from './selection.ts'
import type { SnoozeTime } from './snooze-times.ts'
import type { Tab } from './tabs.ts'
import type { createUndo } from './undo.ts'
import type { Verbs } from './verbs.ts'

/** Replaces the content of an item; undefined or an error keeps the default. */
export type RenderItem = (item: InboxItem) => TemplateResult | Node | string | undefined

/** The state that the views of the panel show, and the actions that they call. */
export type Panel = {
  list: List
  verbs: Verbs
  undo: ReturnType<typeof createUndo>
  selection: ReturnType<typeof createSelection>
  menu: ReturnType<typeof createMenu>
  text: PanelText
  times: Times
  /** Returns the hub's time, in epoch ms. */
  now(): number
  /** Whether the panel fills a small screen, as a modal dialog. */
  isSheet: boolean
  /** Whether there has been no connection for some seconds. */
  isOffline: boolean
  /** Whether the skeleton is shown in place of the list. */
  isLoading: boolean
  problem: Problem | undefined
  /** Ids of the items that are unfolded. */
  unfolded: Set<string>
  /** The id of the item that has the focus. Only its controls can be reached by Tab. */
  focused: string | undefined
  /** Returns the usual times until which an item is snoozed. */
  snoozeTimes(now: Date): SnoozeTime[]
  /** Moves the focus to an item. */
  focusItem(id: string | undefined): void
  renderItem: RenderItem | undefined
  categories: ReturnType<typeof createCategories>
  /** Returns what the list renders: its rows, and gaps in place of those far from the visible part. */
  entries(): readonly Entry[]
  /** Returns the unread count of a tab that has one. */
  countOf(tab: Tab): Counts | undefined
  choose(tab: Tab): void
  follow: Follow
  /** Renders the announcements above the list. */
  cards(): unknown
  /** Whether new items play a sound. */
  sound(): { isOn: boolean; toggle(): void }
  /** Renders the toolbar of the selected items; nothing while its code is loading. */
  selectionBar(panel: Panel): unknown
  /** Renders the offer of web push above the list. */
  offer(): unknown
  /** Handles the touches of the list: swipes and long presses. */
  onPointerDown(event: PointerEvent): void
  readAll(): void
  archiveRead(): void
  openPreferences(): void
  /** Inserts the waiting items, and scrolls to the newest. */
  showNew(): void
  more(): void
  retry(): void
  close(): void
  onScroll(): void
  onHover(event: Event): void
  onFocus(event: FocusEvent): void
  update(): void
}
