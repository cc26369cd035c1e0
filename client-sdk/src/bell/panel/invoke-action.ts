import type { InboxItem } from '@carillon/schemas'
import type { ItemAction } from '../action-buttons.ts'
import type { Panel } from './panel-state.ts'

/** Invokes an action of an item, and follows its link. */
export const invokeAction = (
  event: MouseEvent,
  item: InboxItem,
  { name, label, url }: ItemAction,
  { verbs, follow }: Panel,
): void => {
  verbs.act(item, name, label)
  follow(event, item, url)
}
