import { html } from 'lit'

/** The placeholder of a page that is loading. */
export const skeleton = html`
  <div class="skeleton" aria-hidden="true">
    ${[1, 2, 3, 4].map(() => html`<div><span></span><span></span><span></span></div>`)}
  </div>
`
