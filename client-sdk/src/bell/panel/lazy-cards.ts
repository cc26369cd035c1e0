import type { InboxItem } from '@carillon/schemas'
import { adoptStyles } from '../adopt-styles.ts'
import type { AnnouncementActs } from '../announcements/card.ts'
import { invokeAction } from './invoke-action.ts'
import { lazily } from './lazily.ts'
import type { Panel } from './panel-state.ts'

/** Returns the user's actions on the announcements above the list. */
const actsOf = (panel: Panel): AnnouncementActs => {
  const dismiss = (item: InboxItem) => panel.verbs.archive([item])
  return {
    dismiss,
    open(event, item) {
      panel.verbs.clicked(item)
      panel.follow(event, item, item.url)
    },
    act(event, item, action) {
      invokeAction(event, item, action, panel)
      dismiss(item)
    },
  }
}

/**
 * Renders the announcements above the list. Their code is loaded when the list has one. Until then they are rows of the list.
 * After a failed load, the next change of the list tries again.
 */
export const createLazyCards = (root: ShadowRoot, panel: () => Panel, onLoaded: () => void) => {
  const card = lazily(async () => {
    const { announcement, styles } = await import('../announcements/card.ts')
    adoptStyles(root, styles)
    return announcement
  }, onLoaded)

  return {
    /** Reports whether announcements can be cards. Loads the code otherwise. */
    areLoaded: () => card() !== undefined,
    render() {
      const { list, text } = panel()
      return list.cards.map((item) => card()?.(item, text, actsOf(panel()), `card-${item.id}`))
    },
  }
}
