/** The markup of the bell: its button, and the panel with tabs, list and states. */
import { icon } from './bell-item.js'
import { element } from './dom.js'

const bellButton = (count) =>
  element(
    'button',
    {
      class: 'bell-button',
      type: 'button',
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
      'aria-controls': 'bell-panel',
    },
    icon('bell'),
    count,
  )

/** Returns the elements of a bell, to be appended and updated. */
export const bellElements = ({ onReadAll, onMore }) => {
  const count = element('span', { class: 'bell-badge', 'aria-hidden': 'true', hidden: true })
  const readAll = element('button', { class: 'quiet', type: 'button', onclick: onReadAll }, 'Mark all read')
  const tabs = element('div', { class: 'bell-tabs', id: 'bell-tabs', role: 'tablist', 'aria-label': 'Show' })
  const list = element('div', { class: 'bell-list', role: 'feed', 'aria-label': 'Notifications' })
  const empty = element('div', { class: 'bell-empty' })
  const more = element('button', { class: 'bell-more', type: 'button', onclick: onMore }, 'Load more')
  const scroller = element(
    'div',
    { class: 'bell-scroll', id: 'bell-list', role: 'tabpanel', tabindex: '-1' },
    list,
    empty,
    more,
  )
  const state = element('p', { class: 'bell-state', hidden: true })
  const trouble = element('p', { class: 'bell-state', role: 'alert', hidden: true })
  const panel = element(
    'div',
    {
      class: 'bell-panel',
      id: 'bell-panel',
      role: 'dialog',
      'aria-labelledby': 'bell-title',
      tabindex: '-1',
      hidden: true,
    },
    element('header', { class: 'bell-head' }, element('h2', { id: 'bell-title' }, 'Notifications'), readAll),
    tabs,
    scroller,
    trouble,
    state,
  )
  const live = element('p', { class: 'hidden', role: 'status', 'aria-live': 'polite' })
  return {
    button: bellButton(count),
    count,
    panel,
    readAll,
    tabs,
    scroller,
    list,
    empty,
    more,
    trouble,
    state,
    live,
  }
}
