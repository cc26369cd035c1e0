import { html } from 'lit'
import { type IconName, icon } from '../icon.ts'

/** Renders a button that has an icon, and its label as the tooltip. */
export const iconButton = (label: string, name: IconName, click: (event: Event) => void, extra = '') => html`
  <button class="tool ${extra}" part="tool" title=${label} aria-label=${label} @click=${click}>${icon(name)}</button>
`
