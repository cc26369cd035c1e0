import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { channelName, isLocked, type Row, rowName, rowsOf } from './choices.ts'
import { choiceControl, failureLine, idOf, lockedNote } from './controls.ts'
import type { Page } from './page-state.ts'

const tableRow = (row: Row, page: Page) => {
  const { effective, text } = page
  const { channels } = effective
  const cells = isLocked(row, channels)
    ? html`<td colspan=${channels.length}>${lockedNote(text('always'))}</td>`
    : channels.map(
        (channel) =>
          html`<td>${choiceControl(row, channel, page, `${rowName(row)}, ${channelName(channel, text)}`)}</td>`,
      )
  const failed = channels.filter((channel) => page.failure(idOf(row, channel)))
  return html`
    <tr>
      <th scope="row">
        <span dir="auto">${rowName(row)}</span>
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
