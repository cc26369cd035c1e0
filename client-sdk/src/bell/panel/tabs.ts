import type { EffectivePreferences } from '@carillon/schemas'
import type { FeedQuery } from '../../feed/feed.ts'
import type { PanelText } from './english.ts'

/**
 * A tab of the panel, with the query of its feed. `name` is the name of the category of a tab. Other tabs are named by the text
 * with their key.
 */
export type Tab =
  | { key: 'all' | 'unread' | 'snoozed' | 'archived'; query: FeedQuery; name?: undefined }
  | { key: `category ${string}`; query: FeedQuery & { category: string }; name: string }

export const ALL: Tab = { key: 'all', query: {} }
export const UNREAD: Tab = { key: 'unread', query: { status: 'unread' } }
const SNOOZED: Tab = { key: 'snoozed', query: { status: 'snoozed' } }
const ARCHIVED: Tab = { key: 'archived', query: { status: 'archived' } }

export const labelOf = (tab: Tab, text: PanelText): string => tab.name ?? text(tab.key as 'all')

/**
 * Returns the tabs in display order. Categories have tabs if at least two of them have names. The chosen tab stays, even if its
 * category has lost its name.
 */
export const tabsOf = (names: ReadonlyMap<string, string>, chosen: Tab): readonly Tab[] => {
  const categories = [...names].map(
    ([category, name]): Tab => ({ key: `category ${category}`, query: { category }, name }),
  )
  const tabs = [ALL, UNREAD, ...(categories.length > 1 ? categories : []), SNOOZED, ARCHIVED]
  return tabs.some(({ key }) => key === chosen.key) ? tabs : [...tabs, chosen]
}

/** Returns the names of the categories that have one, by key. */
export const namesOf = (effective: EffectivePreferences | undefined): ReadonlyMap<string, string> =>
  new Map(effective?.categories.flatMap(({ key, name }) => (name ? [[key, name] as const] : [])))

/** Returns an id for the element of a tab. Keys of categories may have spaces, which ids may not. */
export const idOf = ({ key }: Tab): string => `tab-${encodeURIComponent(key)}`
