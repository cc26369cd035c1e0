import type { FeedQuery } from '../../feed/feed.ts'

/** A tab of the panel: its key, which is also that of its text, and the feed that it shows. */
export type Tab = { key: 'all' | 'unread' | 'snoozed' | 'archived'; query: FeedQuery }

export const ALL: Tab = { key: 'all', query: {} }
export const UNREAD: Tab = { key: 'unread', query: { status: 'unread' } }

/** The tabs in display order. */
export const TABS: readonly Tab[] = [
  ALL,
  UNREAD,
  { key: 'snoozed', query: { status: 'snoozed' } },
  { key: 'archived', query: { status: 'archived' } },
]
