import type { InboxItem } from '@carillon/schemas'
import type { Panel } from './panel-state.ts'

/**
 * Opens a menu. The code of menus is loaded now. If that fails, the first item offers to try again; without an item, nothing
 * happens, and the next click tries again.
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
