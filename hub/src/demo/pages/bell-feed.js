/** The feed in the panel of the bell: the chosen tab, its items and its empty states. */
import { icon } from './bell-item.js'
import { bellList } from './bell-list.js'
import { element } from './dom.js'

export const TABS = [
  { name: 'All', query: {}, empty: 'Nothing here yet', hint: 'What is sent to you shows up here at once.' },
  { name: 'Unread', query: { status: 'unread' }, empty: 'All caught up', hint: 'You have read everything.' },
  {
    name: 'Archived',
    query: { status: 'archived' },
    empty: 'The archive is empty',
    hint: 'Archived items are kept here.',
  },
]

const emptyText = ({ status, error }, tab) => {
  if (status === 'loading') return ['Loading…', '']
  if (status === 'error') return ['This cannot be loaded now', error?.message ?? '']
  return [tab.empty, tab.hint]
}

/**
 * Shows one tab at a time. `isOpen` returns whether the panel is open, so that its items are seen. `complain`
 * shows a message.
 */
export const bellFeed = (elements, { client, isOpen, complain, onRender }) => {
  let tab = TABS[0]
  let feed
  let unsubscribe = () => {}

  // A change that fails for good is undone and reported by the client's `error` event.
  const change = (run) => run(feed).catch((error) => error.action || complain(error.message))
  const list = bellList(elements, change)

  const render = () => {
    const snapshot = feed.getSnapshot()
    const { items, status, hasMore } = snapshot
    onRender()
    list.render(items)
    elements.list.setAttribute('aria-busy', String(status === 'loading'))
    elements.more.hidden = !hasMore
    elements.empty.hidden = items.length > 0
    if (items.length === 0) {
      const [title, hint] = emptyText(snapshot, tab)
      elements.empty.replaceChildren(
        icon('bell'),
        element('p', {}, title),
        element('p', { class: 'bell-hint' }, hint),
      )
    }
    if (isOpen() && tab.query.status !== 'archived') {
      const unseen = items.filter(({ seenAt }) => seenAt === null).map(({ id }) => id)
      change((current) => current.seen(unseen))
    }
  }

  const close = () => {
    unsubscribe()
    feed?.close()
  }

  return {
    change,
    render,
    close,
    item: list.item,
    moveFocus: list.moveFocus,
    /** Shows the tab of this name. */
    show: (name) => {
      tab = TABS.find((each) => each.name === name)
      close()
      list.clear()
      feed = client.feed(tab.query)
      unsubscribe = feed.subscribe(render)
      render()
    },
  }
}
