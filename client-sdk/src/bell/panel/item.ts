import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import { avatar, removeBroken } from '../avatar.ts'
import { icon } from '../icon.ts'
import { isLink } from '../text/link.ts'
import { richText } from '../text/rich-text.ts'
import { titleOf } from '../text/title.ts'
import type { Panel } from './context.ts'
import { itemTools } from './item-tools.ts'

/** Characters of the body that are rendered while the item is folded. */
const FOLDED_MAX = 600
/** Maximum number of action buttons. */
const ACTIONS_MAX = 3

const actions = (item: InboxItem, { verbs, text, follow, focused }: Panel) => {
  const shown = item.actions?.slice(0, ACTIONS_MAX) ?? []
  if (shown.length === 0) return nothing
  return html`
    <div class="actions">
      ${shown.map(({ name, label, url, primary }) => {
        const isDone = item.acted[name] !== undefined
        const act = (event: MouseEvent) => {
          verbs.act(item, name, label)
          follow(event, item, url)
        }
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

const heading = (item: InboxItem, panel: Panel) => {
  const title = titleOf(item)
  const open = (event: MouseEvent) => {
    if (item.readAt === null) panel.verbs.read([item])
    if (!isLink(item.url))
      panel.unfolded.has(item.id) ? panel.unfolded.delete(item.id) : panel.unfolded.add(item.id)
    panel.follow(event, item, item.url)
    panel.update()
  }
  return isLink(item.url)
    ? html`<a class="cover" href=${item.url} tabindex="-1" @click=${open} @auxclick=${open}>${title}</a>`
    : html`<button class="cover" tabindex="-1" aria-expanded=${panel.unfolded.has(item.id)} @click=${open}>${title}</button>`
}

const content = (item: InboxItem, panel: Panel) => {
  const { text, unfolded } = panel
  const { body = '', image, id } = item
  const isFolded = !unfolded.has(id)
  const alarm =
    item.priority === 'critical'
      ? html`<span class="alarm">${icon('alert')}<span class="hidden">${text('urgent')}</span></span>`
      : nothing
  return html`
    <h3 class="title" part="title" id="title-${id}" dir="auto">${alarm}${heading(item, panel)}</h3>
    ${body ? html`<p class="body" part="body" id="body-${id}" dir="auto">${richText(isFolded ? body.slice(0, FOLDED_MAX) : body)}</p>` : nothing}
    ${isLink(image) ? html`<img class="image" src=${image} alt="" loading="lazy" @error=${removeBroken} />` : nothing}
  `
}

const failure = ({ id }: InboxItem, { verbs, text }: Panel) => {
  const failed = verbs.failure(id)
  return failed
    ? html`<p class="failure" role="alert">${failed.text} <button class="link" @click=${failed.again}>${text('again')}</button></p>`
    : nothing
}

/** Renders an item of the list. `index` is its position, from 0. */
export const itemView = (item: InboxItem, index: number, panel: Panel) => {
  const { selection, text, times, unfolded, renderItem } = panel
  const { category, id, readAt } = item
  const isUnread = readAt === null
  const isSelected = selection.ids.has(id)
  const created = Date.parse(item.createdAt)
  const classes = ['item', isUnread && 'unread', isSelected && 'selected', unfolded.has(id) && 'unfolded']
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
      ${
        selection.active
          ? html`<input type="checkbox" tabindex="-1" aria-label=${text('select')} .checked=${isSelected} @click=${() => selection.toggle(id)} />`
          : html`<button class="pick" tabindex="-1" aria-hidden="true" @click=${() => selection.toggle(id)}>${avatar(item)}</button>`
      }
      <div class="text">
        ${renderItem?.(item) ?? content(item, panel)}
        ${actions(item, panel)}
        <div class="meta" part="meta">
          <span class="facts">
            <time dir="auto" id="time-${id}" datetime=${item.createdAt} title=${times.full(created)}>${times.short(created, Date.now())}</time>
            ${category ? html` · <span dir="auto">${category}</span>` : nothing}
          </span>
          ${itemTools(item, panel)}
        </div>
        ${failure(item, panel)}
      </div>
    </article>
  `
}
