import type { InboxItem } from '@carillon/schemas'
import type { AnnouncementActs } from '../announcements/card.ts'
import { takeAction } from './actions.ts'
import type { Panel } from './panel-state.ts'

/** Returns the user's actions on the announcements above the list. */
export const createCardActs = (panel: Panel): AnnouncementActs => {
  const dismiss = (item: InboxItem) => panel.verbs.archive([item])
  return {
    dismiss,
    open(event, item) {
      panel.verbs.clicked(item)
      panel.follow(event, item, item.url)
    },
    act(event, item, action) {
      takeAction(event, item, action, panel)
      dismiss(item)
    },
  }
}
