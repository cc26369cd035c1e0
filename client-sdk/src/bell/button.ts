import type { Counts } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'
import { BELL, svgIcon } from './svg-icon.ts'
import { countText } from './text/count.ts'
import type { Text } from './text/text.ts'

type Options = {
  counts: Counts
  text: Text
  isOpen: boolean
  /** Whether the counts have been loaded. The badge does not pulse for the first loaded counts. */
  isLoaded: boolean
  /** The id of the popover that the button opens by itself. */
  target: string | undefined
  /** Called when the button is hovered or focused. */
  onNear: () => void
  /** Called for a click that opens no popover. */
  onOpen: () => void
}

/** Returns the accessible name of the button, with the number of unread items. */
const nameOf = ({ unread, more }: Counts, text: Text) => {
  const key = more || unread > 99 ? 'bellMore' : unread > 0 ? 'bellUnread' : 'bell'
  return text(key, { n: Math.min(unread, 99) })
}

/** Returns a function that renders the button of the bell. The badge pulses once when the number increases. */
export const createBellButton = () => {
  let last: number | undefined
  let pulses = 0

  return ({ counts, text, isOpen, isLoaded, target, onNear, onOpen }: Options): TemplateResult => {
    const { unread, unseen } = counts
    if (last !== undefined && unread > last) pulses++
    if (isLoaded) last = unread
    // Otherwise the panel loses the focus and closes, and the click opens it again.
    const onMouseDown = (event: Event) => isOpen && event.preventDefault()
    // Alternating between two names of one animation restarts it.
    const pulse = pulses === 0 ? '' : pulses % 2 === 0 ? 'pulse even' : 'pulse'
    return html`
      <button
        class="bell"
        part="button"
        aria-haspopup="dialog"
        aria-expanded=${isOpen}
        aria-label=${nameOf(counts, text)}
        popovertarget=${target ?? nothing}
        @pointerenter=${onNear}
        @focus=${onNear}
        @mousedown=${onMouseDown}
        @click=${target ? nothing : onOpen}
      >
        <slot name="icon">${svgIcon(BELL)}</slot>
        ${unread > 0 ? html`<span class="badge ${unseen > 0 ? '' : 'calm'} ${pulse}" part="badge" aria-hidden="true">${countText(counts)}</span>` : nothing}
      </button>
    `
  }
}
