/**
 * A plain notification bell over the public client: a button with a badge, and a panel with the inbox. It builds its own
 * markup, so another bell can replace it: `const unmount = mountBell(element, client)`.
 */
import { bellFeed, TABS } from './bell-feed.js'
import { bellElements } from './bell-panel.js'
import { arrivals, connectionStatus, failureText } from './bell-status.js'
import { fillTabs, keepTimes } from './dom.js'

const badge = (count) => (count > 99 ? '99+' : String(count))

export const mountBell = (root, client) => {
  let open = false
  const elements = bellElements({
    onReadAll: () => feed.change((current) => current.readAll()),
    onMore: () => feed.change((current) => current.more()),
  })
  const { button, panel, count, readAll, trouble, live } = elements
  root.append(button, panel, live)

  const say = (text) => {
    live.textContent = text
  }
  const complain = (text) => {
    trouble.textContent = text
    trouble.hidden = text === ''
    if (text && !open) say(text)
  }
  const status = connectionStatus(elements.state, client)
  const arrived = arrivals(button, say)
  const feed = bellFeed(elements, { client, complain, isOpen: () => open, onRender: status.render })

  const renderCounts = () => {
    const { unread, unseen } = client.counts.getSnapshot()
    count.hidden = unread === 0
    count.textContent = badge(unread)
    button.classList.toggle('has-news', unseen > 0)
    button.setAttribute('aria-label', unread > 0 ? `Notifications, ${unread} unread` : 'Notifications')
    // A disabled button loses the focus, and the panel would lose its keys.
    if (unread === 0 && document.activeElement === readAll) panel.focus()
    readAll.disabled = unread === 0
  }

  const toggle = (now, focus = true) => {
    open = now
    panel.hidden = !open
    button.setAttribute('aria-expanded', String(open))
    if (open) feed.render()
    else complain('')
    if (focus) (open ? panel : button).focus()
  }

  const onKey = (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      toggle(false)
    }
    const step = { PageDown: 1, PageUp: -1 }[event.key]
    if (step && feed.moveFocus(step)) event.preventDefault()
  }
  const onOutside = (event) => {
    if (open && !root.contains(event.target)) toggle(false, false)
  }

  button.addEventListener('click', () => toggle(!open))
  panel.addEventListener('keydown', onKey)
  document.addEventListener('pointerdown', onOutside)
  const unsubscribe = [
    keepTimes(elements.list),
    client.counts.subscribe(renderCounts),
    client.on('notification', arrived.add),
    client.on('connection', status.render),
    client.on('error', ({ action }) => action && complain(failureText(action, feed.item(action.ids[0])))),
  ]
  const names = TABS.map(({ name }) => name)
  fillTabs(elements.tabs, { names, panel: elements.scroller, onChoose: feed.show })(names[0])
  renderCounts()
  status.render()

  return () => {
    for (const off of unsubscribe) off()
    feed.close()
    status.stop()
    arrived.stop()
    document.removeEventListener('pointerdown', onOutside)
    root.replaceChildren()
  }
}
