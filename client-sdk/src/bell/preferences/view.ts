import { html, nothing } from 'lit'
import { icon } from '../icon.ts'
import { categoryList } from './category-list.ts'
import { categoryTable } from './category-table.ts'
import { hasDigests, rowsOf } from './choices.ts'
import { backIcon } from './icons.ts'
import type { Page } from './page-state.ts'
import { digestTime, muted, pause } from './sections.ts'

/** Renders the header of the preferences, which replaces the header of the list. */
export const preferencesHeader = ({
  text,
  isSheet,
  back,
  close,
}: Pick<Page, 'text' | 'isSheet' | 'back' | 'close'>) => html`
  <div class="header back" part="header">
    <button class="tool" part="tool" title=${text('back')} aria-label=${text('back')} @click=${back}>${backIcon()}</button>
    <h2 id="name" tabindex="-1">${text('prefs')}</h2>
    ${
      isSheet
        ? html`<button class="tool" part="tool" title=${text('close')} aria-label=${text('close')} @click=${close}>${icon('close')}</button>`
        : nothing
    }
  </div>
`

/** Renders the loaded preferences. */
export const preferencesBody = (page: Page, quietHours: (page: Page) => unknown) => {
  const { effective, text, isWide } = page
  return html`
    ${pause(page)}
    <section>
      <h3>${text('what')}</h3>
      ${
        rowsOf(effective).length === 0
          ? html`<p class="soft">${text('nothing')}</p>`
          : isWide
            ? categoryTable(page)
            : categoryList(page)
      }
      ${hasDigests(effective) ? digestTime(page) : nothing}
    </section>
    ${muted(page)} ${quietHours(page)}
  `
}
