import type { InboxItem } from '@carillon/schemas'
import { html } from 'lit'
import { BUTTONS_MAX } from '../action-buttons.ts'
import { takeAction } from './actions.ts'
import { type Tool, toolsOf } from './item-tools.ts'
import type { MenuRow } from './menu.ts'
import type { Panel } from './panel-state.ts'

/** Opens the menu of snooze times for items. */
export const openSnoozeMenu = (
  button: HTMLElement,
  items: readonly InboxItem[],
  { menu, text, times, verbs, now, snoozeTimes }: Panel,
) => {
  const rows = snoozeTimes(new Date(now())).map(
    ({ label, until }): MenuRow => ({
      label: text(label),
      hint: times.clock(until.getTime()),
      run: () => verbs.snooze(items, until),
    }),
  )
  const pick = (event: Event) => {
    const { value, validity } = event.target as HTMLInputElement
    if (!value || !validity.valid) return
    menu.close()
    verbs.snooze(items, new Date(value))
  }
  const own = html`
    <label class="row">${text('pick')}<input type="datetime-local" @change=${pick} /></label>
  `
  menu.open(button, text('snooze'), rows, own)
}

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
        run: (event) => takeAction(event, item, action, panel),
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
    // A narrow header has no room for it.
    ...(preferences?.checkVisibility()
      ? []
      : [{ label: text('prefs'), icon: 'prefs' as const, run: panel.openPreferences }]),
    { label: text('sound'), icon: 'sound', isOn: sound.isOn, run: sound.toggle },
  ])
}
