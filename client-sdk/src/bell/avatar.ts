import type { InboxItem } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'
import { icon } from './icon.ts'
import { initials } from './text/initials.ts'
import { isLink } from './text/link.ts'

/** Removes an image that cannot be loaded. */
export const removeBroken = (event: Event): void => (event.target as HTMLElement).remove()

/** Renders the picture of an item: the avatar of its actor over initials, or an icon if it has no actor. */
export const avatar = ({ actor, group }: InboxItem): TemplateResult => {
  const name = actor?.name
  const count = group?.count ?? 1
  return html`
    <span class=${name ? 'avatar' : 'avatar square'} part="avatar" aria-hidden="true">
      ${name ? initials(name) : icon('bell')}
      ${isLink(actor?.avatar) ? html`<img src=${actor.avatar} alt="" loading="lazy" @error=${removeBroken} />` : nothing}
      ${count > 1 ? html`<span class="count">${count}${group?.more ? '+' : ''}</span>` : nothing}
    </span>
  `
}
