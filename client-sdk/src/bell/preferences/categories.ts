import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { channelName, isLocked, type Row, rowsOf, summaryOf } from './choices.ts'
import { choiceControl, failureLine, idOf, lockedNote } from './controls.ts'
import { channelIcon, chevron } from './icons.ts'
import type { Page } from './page-state.ts'

const nameOf = ({ name, key }: Row) => name ?? key

const lockedRow = (row: Row, page: Page) => html`
  <div class="row fixed">
    <div class="grow">
      <h4 dir="auto">${nameOf(row)}</h4>
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
          <h4 dir="auto">${nameOf(row)}</h4>
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

const tableRow = (row: Row, page: Page) => {
  const { effective, text } = page
  const { channels } = effective
  const cells = isLocked(row, channels)
    ? html`<td colspan=${channels.length}>${lockedNote(text('always'))}</td>`
    : channels.map(
        (channel) =>
          html`<td>${choiceControl(row, channel, page, `${nameOf(row)}, ${channelName(channel, text)}`)}</td>`,
      )
  const failed = channels.filter((channel) => page.failure(idOf(row, channel)))
  return html`
    <tr>
      <th scope="row">
        <span dir="auto">${nameOf(row)}</span>
        ${row.description ? html`<span class="soft" dir="auto">${row.description}</span>` : nothing}
      </th>
      ${cells}
    </tr>
    ${failed.map((channel) => html`<tr class="failed"><td colspan=${channels.length + 1}>${failureLine(idOf(row, channel), page)}</td></tr>`)}
  `
}

/** Renders the categories as the table of a wide panel. */
export const categoryTable = (page: Page) => {
  const { effective, text } = page
  return html`
    <div class="table">
      <table>
        <thead>
          <tr>
            <th scope="col">${text('category')}</th>
            ${effective.channels.map((channel) => html`<th scope="col">${channelName(channel, text)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            rowsOf(effective),
            ({ section, key }) => `${section} ${key}`,
            (row) => tableRow(row, page),
          )}
        </tbody>
      </table>
    </div>
  `
}
