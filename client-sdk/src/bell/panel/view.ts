import { html, nothing } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { repeat } from 'lit/directives/repeat.js'
import { type IconName, icon } from '../icon.ts'
import { skeleton } from '../skeleton.ts'
import { iconButton } from './icon-button.ts'
import { itemView, shownOf } from './item.ts'
import { onListKey } from './keys.ts'
import { openMenu } from './lazy-menus.ts'
import type { Panel } from './panel-state.ts'
import { tabStrip } from './tab-strip.ts'
import { idOf } from './tabs.ts'

const header = (panel: Panel) => {
  const { text } = panel
  const more = ({ currentTarget }: Event) => openMenu('openListMenu', currentTarget as HTMLElement, [], panel)
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

/** Renders the button that loads the next page. Scrolling also loads it, except in short lists and after failed loads. */
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
          panel.entries(),
          ({ key }) => key,
          (entry) =>
            entry.row
              ? html`
                  ${entry.row.isFirstSeen ? html`<div class="divider" role="presentation"><span>${text('earlier')}</span></div>` : nothing}
                  ${guard(shownOf(entry.row, entry.index, panel), () => itemView(entry.row, entry.index, panel))}
                `
              : // CSP allows styles that are set as a property.
                html`<div class="gap" role="presentation" .style=${`block-size:${entry.height}px`}></div>`,
        )}
      </div>
      ${list.hasMore && !isEmpty ? loadMore(panel) : nothing}
    </div>
  `
}

const undoBar = ({ undo, text }: Panel) =>
  undo.offered
    ? html`
        <div
          class="undo"
          part="undo"
          @pointerenter=${undo.hold}
          @pointerleave=${undo.release}
          @focusin=${undo.hold}
          @focusout=${undo.release}
        >
          <span class="grow">${undo.offered.label}</span>${undo.offered.undo && html`<button class="link" @click=${undo.undo}>${text('undo')}</button>`}
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
  ${header(panel)} ${(panel.selection.active && panel.selectionBar(panel)) || tabStrip(panel)}
  ${strip(panel)}
  ${listView(panel)} ${undoBar(panel)}
  <slot name="footer"></slot>
  ${panel.menu.render()}
`
