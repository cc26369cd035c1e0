import type { InboxItem } from '@carillon/schemas'
import { html } from 'lit'
import { type IconName, icon } from '../icon.ts'
import { BUTTONS_MAX, takeAction } from './actions.ts'
import type { Panel } from './context.ts'
import type { MenuRow } from './menu.ts'
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

/** Returns what can be done with an item, as rows of a menu. */
const rowsOf = (item: InboxItem, button: HTMLElement, panel: Panel): MenuRow[] => {
  const { verbs, text } = panel
  const one = [item]
  const row = (label: Parameters<typeof text>[0], icon: IconName, run: () => void): MenuRow => ({
    label: text(label),
    icon,
    run,
  })
  const hidden = item.actions?.slice(BUTTONS_MAX).filter(({ name }) => !Object.hasOwn(item.acted, name)) ?? []
  return [
    ...hidden.map(
      (action): MenuRow => ({
        label: action.label,
        run: (event) => takeAction(event, item, action, panel),
      }),
    ),
    item.readAt === null
      ? row('read', 'check', () => verbs.read(one))
      : row('markUnread', 'unread', () => verbs.unread(one)),
    isSnoozed(item, panel)
      ? row('wake', 'clock', () => verbs.wake(one))
      : row('snooze', 'clock', () => openSnooze(button, one, panel)),
    item.archivedAt === null
      ? row('archive', 'archive', () => verbs.archive(one))
      : row('restore', 'restore', () => verbs.restore(one)),
    row('delete', 'delete', () => verbs.remove(one)),
    row('select', 'check', () => panel.selection.toggle(item.id)),
  ]
}

/** Renders the tools at the end of an item. On touch screens only the menu is shown, which has all of them. */
export const itemTools = (item: InboxItem, panel: Panel) => {
  const { verbs, text, menu, focused } = panel
  const tab = focused === item.id ? 0 : -1
  const tool = (label: string, name: IconName, run: (button: HTMLElement) => void, extra = '') => html`
    <button
      class="tool ${extra}"
      part="tool"
      tabindex=${tab}
      title=${label}
      aria-label=${label}
      aria-haspopup=${extra ? 'menu' : 'false'}
      @click=${(event: Event) => run(event.currentTarget as HTMLElement)}
    >
      ${icon(name)}
    </button>
  `
  return html`
    <span class="tools">
      ${
        item.readAt === null
          ? tool(text('read'), 'check', () => verbs.read([item]))
          : tool(text('markUnread'), 'unread', () => verbs.unread([item]))
      }
      ${
        isSnoozed(item, panel)
          ? tool(text('wake'), 'clock', () => verbs.wake([item]))
          : tool(text('snooze'), 'clock', (button) => openSnooze(button, [item], panel), 'opens')
      }
      ${
        item.archivedAt === null
          ? tool(text('archive'), 'archive', () => verbs.archive([item]))
          : tool(text('restore'), 'restore', () => verbs.restore([item]))
      }
      ${tool(text('more'), 'more', (button) => menu.open(button, text('more'), rowsOf(item, button, panel)), 'opens always')}
    </span>
  `
}
