import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { channelName, isLocked, type Row, rowName, rowsOf, summaryOf } from './choices.ts'
import { choiceControl, failureLine, idOf, lockedNote } from './controls.ts'
import { channelIcon, chevron } from './icons.ts'
import type { Page } from './page-state.ts'

const lockedRow = (row: Row, page: Page) => html`
  <div class="row fixed">
    <div class="grow">
      <h4 dir="auto">${rowName(row)}</h4>
      <p class="soft" dir="auto">${row.description ?? summaryOf(row, page.effective.channels, page.text, page.locale)}</p>
    </div>
    ${lockedNote(page.text('always'))}
  </div>
`

const openRow = (row: Row, page: Page) => {
  const { effective, text, locale } = page
  return html`
    <details name="categories">
      <summary class="row">
        <span class="grow">
          <h4 dir="auto">${rowName(row)}</h4>
          <span class="soft">${summaryOf(row, effective.channels, text, locale)}</span>
        </span>
        ${chevron()}
      </summary>
      ${row.description ? html`<p class="soft" dir="auto">${row.description}</p>` : nothing}
      ${effective.channels.map(
        (channel) => html`
          <label class="choice">
            ${channelIcon(channel)}<span class="grow">${channelName(channel, text)}</span>
            ${choiceControl(row, channel, page)}
          </label>
          ${failureLine(idOf(row, channel), page)}
        `,
      )}
    </details>
  `
}

/** Renders the categories in a narrow panel. At most one is open. */
export const categoryList = (page: Page) => {
  const { effective } = page
  return html`
    <div class="categories">
      ${repeat(
        rowsOf(effective),
        ({ section, key }) => `${section} ${key}`,
        (row) => (isLocked(row, effective.channels) ? lockedRow(row, page) : openRow(row, page)),
      )}
    </div>
  `
}
