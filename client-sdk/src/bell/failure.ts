import { html, nothing, type TemplateResult } from 'lit'

/** A change that was not saved. `again` repeats it. */
export type Failure = { text: string; again: () => void }

/** Renders a failure, if there is one, with a button that repeats the change. */
export const failureView = (failure: Failure | undefined, again: string): TemplateResult | typeof nothing =>
  failure
    ? html`<p class="failure" role="alert">${failure.text} <button class="link" @click=${failure.again}>${again}</button></p>`
    : nothing
