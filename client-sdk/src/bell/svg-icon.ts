import { html, type TemplateResult } from 'lit'

/** The path of the bell icon. */
export const BELL =
  'M18 9a6 6 0 0 0-12 0c0 5.5-2.2 7-2.2 8h16.4c0-1-2.2-2.5-2.2-8M9.7 20.4a2.6 2.6 0 0 0 4.6 0'

/** Renders a path in a square of 24 units, hidden from assistive technology. `kind`: its CSS class. */
export const svgIcon = (path: string, kind = ''): TemplateResult =>
  html`<svg class="icon ${kind}" viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`
