import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import { BUTTONS_MAX } from '../action-buttons.ts'
import { avatar, removeBroken } from '../avatar.ts'
import { failureView } from '../failure.ts'
import { icon } from '../icon.ts'
import { isLink } from '../text/link.ts'
import { richText } from '../text/rich-text.ts'
import { titleOf } from '../text/title.ts'
import { isGroup } from './groups.ts'
import { invokeAction } from './invoke-action.ts'
import { itemTools } from './item-tools.ts'
import type { Panel, RenderItem } from './panel-state.ts'
import type { Row } from './rows.ts'

/** Maximum number of rendered characters of the body while the item is folded. */
const FOLDED_MAX = 600
const MINUTE_MS = 60_000

const actions = (item: InboxItem, panel: Panel) => {
  const shown = item.actions?.slice(0, BUTTONS_MAX) ?? []
  if (shown.length === 0) return nothing
  const { text, focused } = panel
  return html`
    <div class="actions">
      ${shown.map((action) => {
        const { name, label, primary } = action
        const isDone = Object.hasOwn(item.acted, name)
        const act = (event: MouseEvent) => invokeAction(event, item, action, panel)
        const tab = focused === item.id ? 0 : -1
        return html`
          <button class=${primary ? 'action primary' : 'action'} part="action" tabindex=${tab} ?disabled=${isDone} @click=${act}>
            ${isDone ? icon('check') : nothing}<span dir="auto">${isDone ? text('acted', { label }) : label}</span>
          </button>
        `
      })}
    </div>
  `
}

let reported: RenderItem | undefined

/** Returns the content of an item from the app, if it has one. Errors of a function of the app are reported once. */
const ownContent = (item: InboxItem, render: RenderItem | undefined) => {
  try {
    return render?.(item)
  } catch (error) {
    if (reported !== render) console.error(error)
    reported = render
  }
}

/** Unfolds or folds an item: its group if it stands for one, else its texts. */
const unfold = (item: InboxItem, { list, unfolded, update }: Panel) => {
  if (isGroup(item)) return list.groups.toggle(item)
  unfolded.has(item.id) ? unfolded.delete(item.id) : unfolded.add(item.id)
  update()
}

/** Selects or deselects an item; with Shift, all items from the last one to it. */
const select = ({ shiftKey }: MouseEvent, { id }: InboxItem, { list, selection }: Panel) =>
  selection.toggle(id, shiftKey ? list.ids : undefined)

const heading = (item: InboxItem, panel: Panel, isUnfolded: boolean) => {
  const { selection, verbs } = panel
  const title = titleOf(item)
  const open = (event: MouseEvent) => {
    // Only the main and the middle button open links.
    if (event.button > 1) return
    if (selection.active) {
      event.preventDefault()
      return select(event, item, panel)
    }
    if (isLink(item.url)) verbs.clicked(item)
    else {
      if (item.readAt === null) verbs.read([item])
      unfold(item, panel)
    }
    panel.follow(event, item, item.url)
  }
  return isLink(item.url)
    ? html`<a class="cover" href=${item.url} tabindex="-1" @click=${open} @auxclick=${open}>${title}</a>`
    : // A button cannot wrap like text.
      html`<span class="cover" role="button" tabindex="-1" aria-expanded=${isUnfolded} @click=${open}>${title}</span>`
}

const content = (item: InboxItem, panel: Panel, isUnfolded: boolean) => {
  const { text, unfolded } = panel
  const { body = '', image, id } = item
  const isFolded = !unfolded.has(id)
  const alarm =
    item.priority === 'critical'
      ? html`<span class="alarm">${icon('alert')}<span class="hidden">${text('urgent')}</span></span>`
      : nothing
  return html`
    <h3 class="title" part="title" id="title-${id}" dir="auto">${alarm}${heading(item, panel, isUnfolded)}</h3>
    ${body ? html`<p class="body" part="body" id="body-${id}" dir="auto">${richText(isFolded ? body.slice(0, FOLDED_MAX) : body)}</p>` : nothing}
    ${isLink(image) ? html`<img class="image" src=${image} alt="" loading="lazy" @error=${removeBroken} />` : nothing}
  `
}

/** Renders the button that unfolds the group for which an item stands. */
const groupButton = (item: InboxItem, panel: Panel, isUnfolded: boolean) => {
  const { text, focused } = panel
  const { count = 0, more } = item.group ?? {}
  return html`
    <button class="unfold" tabindex=${focused === item.id ? 0 : -1} aria-expanded=${isUnfolded} @click=${() => unfold(item, panel)}>
      ${text(isUnfolded ? 'fold' : 'unfold')}<span aria-hidden="true"> · ${count}${more ? '+' : ''}</span>
      ${icon(isUnfolded ? 'up' : 'down')}
    </button>
  `
}

const picker = (item: InboxItem, isSelected: boolean, panel: Panel) => {
  const { selection, text } = panel
  const pick = (event: MouseEvent) => select(event, item, panel)
  return selection.active
    ? html`<input type="checkbox" tabindex="-1" aria-label=${text('select')} .checked=${isSelected} @click=${pick} />`
    : html`<button class="pick" tabindex="-1" aria-hidden="true" @click=${pick}>${avatar(item)}</button>`
}

/**
 * Returns everything that the rendering of a row depends on. A row of a long list is rendered again only if one of these values
 * changed.
 */
export const shownOf = ({ item, isMember }: Row, index: number, panel: Panel): unknown[] => {
  const { categories, focused, list, now, renderItem, selection, text, times, unfolded, verbs } = panel
  const { category = '', id } = item
  return [
    ...[item, isMember, index, text, times, renderItem],
    ...[selection.active, selection.ids.has(id), unfolded.has(id), list.groups.isUnfolded(item)],
    ...[focused === id, verbs.failure(id), categories.names.get(category)],
    // The times of items are refreshed each minute.
    Math.floor(now() / MINUTE_MS),
  ]
}

/** Renders a row of the list. `index` is its position, from 0. */
export const itemView = ({ item, isMember }: Row, index: number, panel: Panel) => {
  const { list, now, selection, text, times, unfolded, renderItem } = panel
  const { category, id, readAt } = item
  const isUnread = readAt === null
  const isSelected = selection.ids.has(id)
  const isHead = !isMember && isGroup(item)
  const isUnfolded = isHead ? list.groups.isUnfolded(item) : unfolded.has(id)
  const created = Date.parse(item.createdAt)
  const classes = [
    'item',
    isUnread && 'unread',
    isSelected && 'selected',
    isMember && 'member',
    unfolded.has(id) && 'unfolded',
  ]
  return html`
    <article
      class=${classes.filter(Boolean).join(' ')}
      part=${isUnread ? 'item unread' : 'item'}
      tabindex="0"
      data-id=${id}
      aria-posinset=${index + 1}
      aria-setsize="-1"
      aria-labelledby="title-${id}"
      aria-describedby="mark-${id} body-${id} time-${id}"
    >
      <span class="mark" id="mark-${id}">${isUnread ? html`<span class="hidden">${text('unread')}</span>` : nothing}</span>
      ${picker(item, isSelected, panel)}
      <div class="text">
        ${ownContent(item, renderItem) ?? content(item, panel, isUnfolded)}
        ${actions(item, panel)}
        ${isHead ? groupButton(item, panel, isUnfolded) : nothing}
        <div class="meta" part="meta">
          <span class="facts">
            <time dir="auto" id="time-${id}" datetime=${item.createdAt} title=${times.full(created)}>${times.short(created, now())}</time>
            ${category ? html` · <span dir="auto">${panel.categories.names.get(category) ?? category}</span>` : nothing}
          </span>
          ${itemTools(item, panel)}
        </div>
        ${failureView(panel.verbs.failure(id), text('again'))}
      </div>
    </article>
  `
}
