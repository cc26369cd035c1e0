import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { countText } from '../text/count.ts'
import type { Panel } from './panel-state.ts'
import { idOf, labelOf, type Tab, tabsOf } from './tabs.ts'

const onKey = (event: KeyboardEvent) => {
  const strip = event.currentTarget as Element
  const forward = getComputedStyle(strip).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
  const step = { ArrowLeft: -1, ArrowRight: -1, [forward]: 1 }[event.key]
  if (!step) return
  event.preventDefault()
  const buttons = [...strip.querySelectorAll('button')]
  const next = buttons.at((buttons.indexOf(event.target as HTMLButtonElement) + step) % buttons.length)
  next?.focus()
  next?.click()
}

/** Fades the ends of the strip where more tabs are hidden. */
export const fadeTabs = (strip: Element): void => {
  // `scrollLeft` is negative in right-to-left text.
  const start = Math.abs(strip.scrollLeft)
  strip.classList.toggle('before', start > 1)
  strip.classList.toggle('after', strip.scrollWidth - strip.clientWidth - start > 1)
}

/** Renders the tabs: all, unread, the categories, snoozed and archived. */
export const tabStrip = (panel: Panel) => {
  const { list, text } = panel
  const tab = (each: Tab) => {
    const isChosen = each.key === list.tab.key
    const unread = panel.countOf(each)
    const choose = ({ currentTarget }: Event) => {
      panel.choose(each)
      // The tab may be cut off at the end of the strip.
      const button = currentTarget as Element
      button.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
    return html`
      <button
        role="tab"
        id=${idOf(each)}
        part="tab"
        aria-selected=${isChosen}
        aria-controls="list"
        tabindex=${isChosen ? 0 : -1}
        @click=${choose}
      >
        <span class="label" dir="auto">${labelOf(each, text)}</span>
        ${
          unread && (unread.unread > 0 || unread.more)
            ? html`<span class="count" aria-hidden="true">${countText(unread)}</span
              ><span class="hidden">, ${text('tabUnread', { n: countText(unread) })}</span>`
            : nothing
        }
      </button>
    `
  }
  const tabs = tabsOf(panel.categories.names, list.tab)
  return html`
    <div class="tabbar">
      <div
        class="tabs"
        role="tablist"
        aria-label=${text('bell')}
        @keydown=${onKey}
        @scroll=${({ currentTarget }: Event) => fadeTabs(currentTarget as Element)}
      >
        ${repeat(tabs, ({ key }) => key, tab)}
      </div>
    </div>
  `
}
