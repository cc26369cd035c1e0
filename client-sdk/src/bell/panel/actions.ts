import type { InboxItem } from '@carillon/schemas'
import type { ItemAction } from '../announcements/card.ts'
import type { Panel } from './context.ts'

/** Maximum number of action buttons. Further actions are in the menu of the item. */
export const BUTTONS_MAX = 3

/** Invokes an action of an item, and follows its link. */
export const takeAction = (
  event: MouseEvent,
  item: InboxItem,
  { name, label, url }: ItemAction,
  { verbs, follow }: Panel,
): void => {
  verbs.act(item, name, label)
  follow(event, item, url)
}
