import { html, nothing, type TemplateResult } from 'lit'
import type { CarillonError } from '../http/error.ts'

/** A change that was not saved. `again` repeats it. */
export type Failure = { text: string; again: () => void }

/** Returns the key of the text that explains why a change was not saved. */
export const reasonOf = ({ status }: CarillonError): 'gone' | 'refused' | 'failed' =>
  status === 404 ? 'gone' : status && status < 500 ? 'refused' : 'failed'

/** Renders a failure, if there is one, with a button that repeats the change. */
export const failureView = (failure: Failure | undefined, again: string): TemplateResult | typeof nothing =>
  failure
    ? html`<p class="failure" role="alert">${failure.text} <button class="link" @click=${failure.again}>${again}</button></p>`
    : nothing
