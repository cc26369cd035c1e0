import { html, nothing } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { repeat } from 'lit/directives/repeat.js'
import { type IconName, icon } from '../icon.ts'
import { skeleton } from '../skeleton.ts'
import { itemView, shownOf } from './item.ts'
import { openSnooze } from './item-tools.ts'
import { onListKey } from './keys.ts'
import type { Panel } from './panel-state.ts'
import { tabStrip } from './tab-strip.ts'
import { idOf } from './tabs.ts'

const iconButton = (label: string, name: IconName, click: (event: Event) => void, extra = '') => html`
  <button class="tool ${extra}" part="tool" title=${label} aria-label=${label} @click=${click}>${icon(name)}</button>
`

const header = (panel: Panel) => {
  const { text, menu, selection } = panel
  const more = ({ currentTarget }: Event) => {
    const { previousElementSibling: preferences } = currentTarget as HTMLElement
    const sound = panel.sound()
    menu.open(currentTarget as HTMLElement, text('more'), [
      { label: text('select'), icon: 'check', run: selection.start },
      { label: text('archiveRead'), icon: 'archive', run: panel.archiveRead },
      // A narrow header has no room for it.
      ...(preferences?.checkVisibility()
        ? []
        : [{ label: text('prefs'), icon: 'prefs' as const, run: panel.openPreferences }]),
      { label: text('sound'), icon: 'sound', isOn: sound.isOn, run: sound.toggle },
    ])
  }
  return html`
    <div class="header" part="header">
      <h2 id="name">${text('bell')}</h2>
      <slot name="header"></slot>
      ${iconButton(text('readAll'), 'readAll', panel.readAll)}
      ${iconButton(text('prefs'), 'prefs', panel.openPreferences, 'prefs-button')}
      ${iconButton(text('more'), 'more', more, 'more-button')}
      ${panel.isSheet ? iconButton(text('close'), 'close', panel.close) : nothing}
    </div>
  `
}

const bulk = (panel: Panel) => {
  const { list, selection, text, verbs } = panel
  const chosen = () => list.items.filter(({ id }) => selection.ids.has(id))
  const run = (act: (items: ReturnType<typeof chosen>) => void) => () => {
    act(chosen())
    selection.stop()
  }
  const count = selection.ids.size
  const isAll = count > 0 && count === list.items.length
  const snooze = ({ currentTarget }: Event) => openSnooze(currentTarget as HTMLElement, chosen(), panel)
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

const hint = (name: IconName, line: string, more: unknown = nothing) => html`
  <div class="empty" part="empty">${icon(name)}<p>${line}</p>${more}</div>
`

/** Renders the content of an empty list. */
const emptyView = ({ list, text, problem, retry, isLoading }: Panel) => {
  if (problem === 'signIn') return hint('lock', text('signIn'))
  // A first load is retried after a failure, which may take long.
  if (list.status === 'error' || (problem && list.status === 'loading'))
    return hint(
      'alert',
      text('loadError'),
      html`${problem === 'incompatible' ? nothing : html`<p class="soft">${text('loadHint')}</p>`}<button class="action" @click=${retry}>${text('tryNow')}</button>`,
    )
  if (isLoading) return skeleton
  if (list.status === 'loading') return nothing
  const { status = 'unread' } = list.tab.query
  const isInbox = status === 'unread'
  return hint(
    isInbox ? 'bell' : 'archive',
    text(isInbox ? 'empty' : 'emptyOther'),
    html`<slot name="empty">${isInbox ? html`<p class="soft">${text('emptyHint')}</p>` : nothing}</slot>`,
  )
}

/** Renders the button for the next page. Scrolling loads it, too; the button is for short lists and failed loads. */
const loadMore = ({ list, text, more }: Panel) => html`
  ${list.hasFailed ? html`<p class="failure" role="alert">${text('loadError')}</p>` : nothing}
  <button class="load" @click=${more}>${text(list.hasFailed ? 'again' : 'loadMore')}</button>
`

const listView = (panel: Panel) => {
  const { list, text } = panel
  const { cards, rows } = list
  const isEmpty = rows.length === 0
  return html`
    <div
      class="scroll"
      id="list"
      role="tabpanel"
      tabindex="-1"
      aria-labelledby=${idOf(list.tab)}
      @scroll=${panel.onScroll}
      @pointerenter=${panel.onHover}
      @pointerleave=${panel.onHover}
      @focusin=${panel.onFocus}
      @focusout=${panel.onFocus}
      @keydown=${(event: KeyboardEvent) => onListKey(event, panel)}
      @pointerdown=${panel.onPointerDown}
    >
      ${
        list.waiting > 0
          ? html`<button class="pill" @click=${panel.showNew}>${text('new', { n: list.waiting })}</button>`
          : nothing
      }
      ${panel.offer()}${panel.cards()}
      ${isEmpty && cards.length === 0 ? emptyView(panel) : nothing}
      <div class="list" part="list" role=${isEmpty ? nothing : 'feed'} aria-label=${isEmpty ? nothing : text('bell')} aria-busy=${list.status === 'loading'}>
        ${repeat(
          rows,
          ({ item }) => item.id,
          (row, index) => html`
            ${row.isFirstSeen ? html`<div class="divider" role="presentation"><span>${text('earlier')}</span></div>` : nothing}
            ${guard(shownOf(row, index, panel), () => itemView(row, index, panel))}
          `,
        )}
      </div>
      ${list.hasMore && !isEmpty ? loadMore(panel) : nothing}
    </div>
  `
}

const undoBar = ({ undo, text, verbs }: Panel) =>
  undo.label
    ? html`
        <div
          class="undo"
          part="undo"
          @pointerenter=${undo.hold}
          @pointerleave=${undo.release}
          @focusin=${undo.hold}
          @focusout=${undo.release}
        >
          <span class="grow">${undo.label}</span><button class="link" @click=${verbs.undo}>${text('undo')}</button>
        </div>
      `
    : nothing

/** Renders the reason why a shown list may be out of date. */
const strip = ({ list, problem, isOffline, text }: Panel) => {
  const key = problem === 'signIn' && list.status === 'ready' ? 'signIn' : isOffline ? 'offline' : undefined
  return key ? html`<p class="strip" role="status">${text(key)}</p>` : nothing
}

/** Renders the content of the panel. */
export const panelView = (panel: Panel) => html`
  ${header(panel)} ${panel.selection.active ? bulk(panel) : tabStrip(panel)}
  ${strip(panel)}
  ${listView(panel)} ${undoBar(panel)}
  <slot name="footer"></slot>
  ${panel.menu.render()}
`
