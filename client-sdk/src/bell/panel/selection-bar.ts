import { html } from 'lit'
import { iconButton } from './icon-button.ts'
import { openMenu } from './lazy-menus.ts'
import type { Panel } from './panel-state.ts'

/** Renders the toolbar of the selected items: it counts, marks, snoozes, archives and deletes them. */
export const selectionBar = (panel: Panel) => {
  const { list, selection, text, verbs } = panel
  const chosen = () => list.items.filter(({ id }) => selection.ids.has(id))
  const run = (act: (items: ReturnType<typeof chosen>) => void) => () => {
    act(chosen())
    selection.stop()
  }
  const count = selection.ids.size
  const isAll = count > 0 && count === list.items.length
  const snooze = ({ currentTarget }: Event) =>
    openMenu('openSnoozeMenu', currentTarget as HTMLElement, chosen(), panel)
  return html`
    <div class="bulk" role="toolbar" aria-label=${text('select')}>
      <input
        type="checkbox"
        aria-label=${text('selectAll')}
        .checked=${isAll}
        .indeterminate=${count > 0 && !isAll}
        @click=${() => selection.all(list.ids)}
      />
      <span class="grow" role="status">${text('selected', { n: count })}</span>
      ${iconButton(text('read'), 'check', run(verbs.read))}
      ${iconButton(text('snooze'), 'clock', snooze)}
      ${iconButton(text('archive'), 'archive', run(verbs.archive))}
      ${iconButton(text('delete'), 'delete', run(verbs.remove))}
      ${iconButton(text('stop'), 'close', selection.stop)}
    </div>
  `
}
