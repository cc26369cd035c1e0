import type { InboxItem } from '@carillon/schemas'
import { html } from 'lit'
import { type IconName, icon } from '../icon.ts'
import type { PanelKey } from './english.ts'
import { openMenu } from './lazy-menus.ts'
import type { Panel } from './panel-state.ts'

const isSnoozed = (item: InboxItem, { now }: Panel) =>
  item.snoozedUntil !== null && Date.parse(item.snoozedUntil) > now()

/** An action on an item. `opens`: it opens a menu beside the button. */
export type Tool = { label: PanelKey; icon: IconName; run: (button: HTMLElement) => void; opens?: boolean }

/** Returns the actions on an item that have a button: mark as read, snooze and archive, or the opposite of each. */
export const toolsOf = (item: InboxItem, panel: Panel): Tool[] => {
  const { verbs } = panel
  const one = [item]
  return [
    item.readAt === null
      ? { label: 'read', icon: 'check', run: () => verbs.read(one) }
      : { label: 'markUnread', icon: 'unread', run: () => verbs.unread(one) },
    isSnoozed(item, panel)
      ? { label: 'wake', icon: 'clock', run: () => verbs.wake(one) }
      : {
          label: 'snooze',
          icon: 'clock',
          run: (button) => openMenu('openSnoozeMenu', button, one, panel),
          opens: true,
        },
    item.archivedAt === null
      ? { label: 'archive', icon: 'archive', run: () => verbs.archive(one) }
      : { label: 'restore', icon: 'restore', run: () => verbs.restore(one) },
  ]
}

/** Renders the tools at the end of an item. On touch screens only the menu is shown, which has all of them. */
export const itemTools = (item: InboxItem, panel: Panel) => {
  const { text, focused } = panel
  const tab = focused === item.id ? 0 : -1
  const more = (button: HTMLElement) => openMenu('openItemMenu', button, [item], panel)
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
