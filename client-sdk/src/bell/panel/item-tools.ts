import type { InboxItem } from '@carillon/schemas'
import { html } from 'lit'
import { BUTTONS_MAX } from '../action-buttons.ts'
import { type IconName, icon } from '../icon.ts'
import { takeAction } from './actions.ts'
import type { PanelKey } from './english.ts'
import type { MenuRow } from './menu.ts'
import type { Panel } from './panel-state.ts'
import { snoozeTimes } from './snooze-times.ts'

const isSnoozed = (item: InboxItem, { now }: Panel) =>
  item.snoozedUntil !== null && Date.parse(item.snoozedUntil) > now()

/** Opens the menu of snooze times for these items. */
export const openSnooze = (
  button: HTMLElement,
  items: readonly InboxItem[],
  { menu, text, times, verbs, now }: Panel,
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

/** An action on an item. `opens`: it opens a menu beside the button. */
type Tool = { label: PanelKey; icon: IconName; run: (button: HTMLElement) => void; opens?: boolean }

/** Returns the actions on an item that have a button: one to mark, one to snooze and one to archive it, or to undo that. */
const toolsOf = (item: InboxItem, panel: Panel): Tool[] => {
  const { verbs } = panel
  const one = [item]
  return [
    item.readAt === null
      ? { label: 'read', icon: 'check', run: () => verbs.read(one) }
      : { label: 'markUnread', icon: 'unread', run: () => verbs.unread(one) },
    isSnoozed(item, panel)
      ? { label: 'wake', icon: 'clock', run: () => verbs.wake(one) }
      : { label: 'snooze', icon: 'clock', run: (button) => openSnooze(button, one, panel), opens: true },
    item.archivedAt === null
      ? { label: 'archive', icon: 'archive', run: () => verbs.archive(one) }
      : { label: 'restore', icon: 'restore', run: () => verbs.restore(one) },
  ]
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

/** Renders the tools at the end of an item. On touch screens only the menu is shown, which has all of them. */
export const itemTools = (item: InboxItem, panel: Panel) => {
  const { text, menu, focused } = panel
  const tab = focused === item.id ? 0 : -1
  const more = (button: HTMLElement) => menu.open(button, text('more'), rowsOf(item, button, panel))
  const tool = ({ label, icon: name, run, opens }: Tool) => html`
    <button
      class="tool ${name === 'more' ? 'always' : ''}"
      part="tool"
      tabindex=${tab}
      title=${text(label)}
      aria-label=${text(label)}
      aria-haspopup=${opens ? 'menu' : 'false'}
      @click=${(event: Event) => run(event.currentTarget as HTMLElement)}
    >
      ${icon(name)}
    </button>
  `
  return html`
    <span class="tools">
      ${toolsOf(item, panel).map(tool)} ${tool({ label: 'more', icon: 'more', run: more, opens: true })}
    </span>
  `
}
