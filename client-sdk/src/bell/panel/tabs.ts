import type { FeedQuery } from '../../feed/feed.ts'
import type { TextKey } from '../text/english.ts'

/** A tab of the panel: a name for people and the feed that it shows. */
export type Tab = { key: string; label: TextKey | { category: string }; query: FeedQuery }

export const ALL: Tab = { key: 'all', label: 'all', query: {} }
export const UNREAD: Tab = { key: 'unread', label: 'unread', query: { status: 'unread' } }

/** Returns the tabs in display order: all, unread, one for each category, snoozed and archived. */
export const tabsOf = (categories: readonly string[]): Tab[] => [
  ALL,
  UNREAD,
  ...categories.map((category) => ({
    key: `category-${category}`,
    label: { category },
    query: { category },
  })),
  { key: 'snoozed', label: 'snoozed', query: { status: 'snoozed' } },
  { key: 'archived', label: 'archived', query: { status: 'archived' } },
]
