import type { InboxItem } from '@carillon/schemas'
import type { Panel } from './panel-state.ts'

/**
 * Opens a menu, and loads the code of menus before. A failed load is shown at the first item, with a button that tries again.
 * Without an item, the next click tries again.
 */
export const openMenu = (
  name: 'openItemMenu' | 'openListMenu' | 'openSnoozeMenu',
  button: HTMLElement,
  items: readonly InboxItem[],
  panel: Panel,
) => {
  const open = async () => {
    const menus = await import('./menus.ts')
    menus[name](button, items, panel)
  }
  if (items[0]) panel.verbs.attempt([items[0]], open)
  else open().catch(() => {})
}
