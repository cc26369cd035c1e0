import type { InboxItem } from '@carillon/schemas'
import { adoptStyles } from '../adopt-styles.ts'
import type { AnnouncementActs, announcement } from '../announcements/card.ts'
import { invokeAction } from './invoke-action.ts'
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
 */
export const createLazyCards = (root: ShadowRoot, panel: () => Panel, onLoaded: () => void) => {
  let card: typeof announcement | undefined
  let isLoading = false

  const load = async () => {
    isLoading = true
    try {
      const part = await import('../announcements/card.ts')
      adoptStyles(root, part.styles)
      card = part.announcement
      onLoaded()
    } catch {
      // The announcements stay rows. The next change of the list tries again.
    }
    isLoading = false
  }

  return {
    /** Reports whether announcements can be cards. Loads the code otherwise. */
    areLoaded() {
      if (!card && !isLoading) void load()
      return card !== undefined
    },
    render() {
      const { list, text } = panel()
      return list.cards.map((item) => card?.(item, text, actsOf(panel()), `card-${item.id}`))
    },
  }
}
