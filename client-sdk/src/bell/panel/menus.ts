import type { InboxItem } from '@carillon/schemas'
import { BUTTONS_MAX } from '../action-buttons.ts'
import { invokeAction } from './invoke-action.ts'
import { type Tool, toolsOf } from './item-tools.ts'
import type { MenuRow } from './menu.ts'
import type { Panel } from './panel-state.ts'

export { openSnoozeMenu } from './snooze-menu.ts'

/** Returns all actions on an item, as rows of a menu. */
const rowsOf = (item: InboxItem, button: HTMLElement, panel: Panel): MenuRow[] => {
  const { verbs, text, selection } = panel
  const tools: Tool[] = [
    ...toolsOf(item, panel),
    { label: 'delete', icon: 'delete', run: () => verbs.remove([item]) },
    { label: 'select', icon: 'check', run: () => selection.toggle(item.id) },
  ]
  // Further actions have no button.
  const hidden = item.actions?.slice(BUTTONS_MAX).filter(({ name }) => !Object.hasOwn(item.acted, name)) ?? []
  return [
    ...hidden.map(
      (action): MenuRow => ({
        label: action.label,
        run: (event) => invokeAction(event, item, action, panel),
      }),
    ),
    ...tools.map(({ label, icon, run }): MenuRow => ({ label: text(label), icon, run: () => run(button) })),
  ]
}

/** Opens the menu of all actions on an item. */
export const openItemMenu = (button: HTMLElement, items: readonly InboxItem[], panel: Panel) =>
  panel.menu.open(
    button,
    panel.text('more'),
    items.flatMap((item) => rowsOf(item, button, panel)),
  )

/** Opens the menu of actions on the list. */
export const openListMenu = (button: HTMLElement, _: readonly InboxItem[], panel: Panel) => {
  const { text, menu, selection } = panel
  const { previousElementSibling: preferences } = button
  const sound = panel.sound()
  menu.open(button, text('more'), [
    { label: text('select'), icon: 'check', run: selection.start },
    { label: text('archiveRead'), icon: 'archive', run: panel.archiveRead },
    // A narrow header has no button for it.
    ...(preferences?.checkVisibility()
      ? []
      : [{ label: text('prefs'), icon: 'prefs' as const, run: panel.openPreferences }]),
    { label: text('sound'), icon: 'sound', isOn: sound.isOn, run: sound.toggle },
  ])
}
