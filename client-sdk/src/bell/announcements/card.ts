import type { InboxItem } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'
import { actionButtons, type ItemAction } from '../action-buttons.ts'
import { removeBroken } from '../avatar.ts'
import { icon } from '../icon.ts'
import { announcementStyles } from '../styles/announcement.ts'
import { contentStyles } from '../styles/content.ts'
import { controlStyles } from '../styles/controls.ts'
import { isLink } from '../text/link.ts'
import { richText } from '../text/rich-text.ts'
import type { Text } from '../text/text.ts'
import { titleOf } from '../text/title.ts'

/** The styles of announcements. */
export const styles = [controlStyles, contentStyles, announcementStyles]

/** Maximum number of shown characters of the body. */
const BODY_MAX = 600

/** The user's actions on an announcement. */
export type AnnouncementActs = {
  /** Archives the item, which dismisses it on every device. */
  dismiss(item: InboxItem): void
  open(event: MouseEvent, item: InboxItem): void
  act(event: MouseEvent, item: InboxItem, action: ItemAction): void
}

const heading = (item: InboxItem, { open }: AnnouncementActs) =>
  isLink(item.url)
    ? html`<a class="cover" href=${item.url} @click=${(event: MouseEvent) => open(event, item)}>${titleOf(item)}</a>`
    : titleOf(item)

const actionsOf = (item: InboxItem, { act }: AnnouncementActs) =>
  actionButtons(item, (event, action) => act(event, item, action))

/**
 * Renders an announcement: an icon, texts, action buttons and a button that dismisses it. `id` must be unique in the shadow
 * root.
 */
export const announcement = (
  item: InboxItem,
  text: Text,
  acts: AnnouncementActs,
  id: string,
): TemplateResult => html`
  <div class="announcement" part="announcement" role="group" data-id=${item.id} aria-labelledby=${id}>
    <span class=${item.priority === 'critical' ? 'sign alarm' : 'sign'}>
      ${icon(item.priority === 'critical' ? 'alert' : 'info')}${item.priority === 'critical' ? html`<span class="hidden">${text('urgent')}</span>` : nothing}
    </span>
    <div class="text">
      <p class="title" id=${id} dir="auto">${heading(item, acts)}</p>
      ${item.body ? html`<p class="body" dir="auto">${richText(item.body.slice(0, BODY_MAX))}</p>` : nothing}
      ${actionsOf(item, acts)}
    </div>
    <button class="tool" aria-label=${text('dismiss')} title=${text('dismiss')} @click=${() => acts.dismiss(item)}>
      ${icon('close')}
    </button>
  </div>
`

/** Renders the content of an announcement that is a dialog. */
export const announcementDialog = (
  item: InboxItem,
  text: Text,
  acts: AnnouncementActs,
): TemplateResult => html`
  ${isLink(item.image) ? html`<img class="image" src=${item.image} alt="" @error=${removeBroken} />` : nothing}
  <div class="content">
    <div class="heading">
      <h2 id="modal-title" dir="auto">${item.priority === 'critical' ? html`<span class="alarm">${icon('alert')}</span>` : nothing}${titleOf(item)}</h2>
    </div>
    ${item.body ? html`<p class="body" id="modal-body" dir="auto">${richText(item.body)}</p>` : nothing}
    <div class="buttons">
      ${isLink(item.url) ? html`<a class="action" part="action" href=${item.url} @click=${(event: MouseEvent) => acts.open(event, item)}>${text('open')}</a>` : nothing}
      ${actionsOf(item, acts)}
    </div>
  </div>
  <button class="tool dismiss" aria-label=${text('dismiss')} title=${text('dismiss')} @click=${() => acts.dismiss(item)}>
    ${icon('close')}
  </button>
`
