import type { InboxItem } from '@carillon/schemas'
import { html } from 'lit'
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
