import type { Counts } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'
import { icon } from './icon.ts'
import { countText } from './text/count.ts'
import type { Text } from './text/text.ts'

type Options = {
  counts: Counts
  text: Text
  isOpen: boolean
  /** Whether the counts are those of the hub. The badge that they bring does not pulse. */
  isLoaded: boolean
  /** The id of the popover that the button opens by itself. */
  target: string | undefined
  /** Called when the pointer or the focus comes near. */
  onNear: () => void
  /** Called for a click that opens no popover. */
  onOpen: () => void
}

/** Returns the accessible name of the button, with the number of unread items. */
const nameOf = ({ unread, more }: Counts, text: Text) => {
  const key = more || unread > 99 ? 'bellMore' : unread > 0 ? 'bellUnread' : 'bell'
  return text(key, { n: Math.min(unread, 99) })
}

/** Renders the button of the bell. Its badge pulses once when the number grows. */
export const createBellButton = () => {
  let last: number | undefined
  let pulses = 0

  return ({ counts, text, isOpen, isLoaded, target, onNear, onOpen }: Options): TemplateResult => {
    const { unread, unseen } = counts
    if (last !== undefined && unread > last) pulses++
    if (isLoaded) last = unread
    const onClick = ({ currentTarget }: Event) => {
      if (!(currentTarget as Element).hasAttribute('popovertarget')) onOpen()
    }
    // Each of two names of the same animation starts it anew.
    const pulse = pulses === 0 ? '' : pulses % 2 === 0 ? 'pulse even' : 'pulse'
    return html`
      <button
        class="bell"
        part="button"
        aria-haspopup="dialog"
        aria-expanded=${isOpen ? 'true' : 'false'}
        aria-label=${nameOf(counts, text)}
        popovertarget=${target ?? nothing}
        @pointerenter=${onNear}
        @focus=${onNear}
        @click=${onClick}
      >
        <slot name="icon">${icon('bell')}</slot>
        ${unread > 0 ? html`<span class="badge ${unseen > 0 ? '' : 'calm'} ${pulse}" part="badge" aria-hidden="true">${countText(counts)}</span>` : nothing}
      </button>
    `
  }
}
