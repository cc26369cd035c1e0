/**
 * A plain notification bell over the public client: a button with a badge, and a panel with the inbox. It keeps its
 * markup in itself, so that another bell can take its place: `const unmount = mountBell(element, client)`.
 */
import { arrange, element, fillTabs, keepTimes, timeElement } from './dom.js'

const TABS = [
  { name: 'All', query: {}, empty: 'Nothing here yet', hint: 'What is sent to you shows up here at once.' },
  { name: 'Unread', query: { status: 'unread' }, empty: 'All caught up', hint: 'You have read everything.' },
  {
    name: 'Archived',
    query: { status: 'archived' },
    empty: 'The archive is empty',
    hint: 'Archived items are kept here.',
  },
]

const ICONS = {
  bell: 'M12 3a6 6 0 0 0-6 6c0 5-2 6.5-2 8h16c0-1.5-2-3-2-8a6 6 0 0 0-6-6Zm-2 17a2 2 0 0 0 4 0',
  read: 'm5 13 4 4L19 7',
  unread: 'M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  unarchive: 'M4 5h16v4H4zM6 9v10h12V9M12 17v-5m-2 2 2-2 2 2',
  remove: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 11v5M13.5 11v5',
}

const icon = (name) => {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  const path = document.createElementNS(space, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('class', 'icon')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}

/** Links come checked from the hub; a page of its own checks again. */
const isLink = (url) => /^(https?:\/\/|mailto:|tel:|\/(?![/\\]))/i.test(url ?? '')

/** What an action would have made of an item, for words about one that failed. */
const VERBS = {
  read: 'marked read',
  unread: 'marked unread',
  seen: 'marked seen',
  archive: 'archived',
  unarchive: 'moved back',
  remove: 'deleted',
  act: 'answered',
  'read-all': 'marked read',
}
/** Actions that the hub has not answered for this long are mentioned. */
const UNSAVED_MS = 2_000

const badge = (count) => (count > 99 ? '99+' : String(count))

export const mountBell = (root, client) => {
  let open = false
  let tab = TABS[0]
  let feed
  let offFeed = () => {}
  /** The articles on show, by item id, with the item each was made from. */
  const shown = new Map()
  let arrived = []
  let announcing
  /** Since when actions wait for the hub's answer, and what looks again. */
  let waitingSince
  let lookAgain

  // Actions that fail for good are undone and told by `onError`.
  const done = (promise) => promise.catch((error) => error.action || complain(error.message))

  const count = element('span', { class: 'bell-badge', 'aria-hidden': 'true', hidden: true })
  const button = element(
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
  const readAll = element(
    'button',
    { class: 'quiet', type: 'button', onclick: () => done(feed.readAll()) },
    'Mark all read',
  )
  const tabs = element('div', { class: 'bell-tabs', id: 'bell-tabs', role: 'tablist', 'aria-label': 'Show' })
  const list = element('div', { class: 'bell-list', role: 'feed', 'aria-label': 'Notifications' })
  const empty = element('div', { class: 'bell-empty' })
  const more = element(
    'button',
    { class: 'bell-more', type: 'button', onclick: () => done(feed.more()) },
    'Load more',
  )
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
  root.append(button, panel, live)

  const say = (text) => {
    live.textContent = text
  }

  const complain = (text) => {
    trouble.textContent = text
    trouble.hidden = text === ''
    if (text && !open) say(text)
  }

  const onError = ({ action }) => {
    if (!action) return
    const [id] = action.ids
    const { title, type } = shown.get(id)?.item ?? {}
    const what = id ? `“${title ?? type ?? 'A notification'}”` : 'All notifications'
    complain(`${what} could not be ${VERBS[action.verb] ?? 'changed'}: ${action.problem}`)
  }

  const tool = (label, name, act) =>
    element(
      'button',
      { class: 'bell-tool', type: 'button', 'aria-label': label, title: label, onclick: act },
      icon(name),
    )

  const article = (item) => {
    const { id, title, body, url, actor, image, actions = [], createdAt, priority, readAt, archivedAt } = item
    const unread = readAt === null
    const heading = title ?? item.type
    const text = isLink(url)
      ? element(
          'a',
          {
            href: url,
            target: '_blank',
            rel: 'noopener noreferrer',
            onclick: () => unread && done(feed.read(id)),
          },
          heading,
        )
      : heading
    const tools = element(
      'div',
      { class: 'bell-tools' },
      unread
        ? tool(`Mark read: ${heading}`, 'read', () => done(feed.read(id)))
        : tool(`Mark unread: ${heading}`, 'unread', () => done(feed.unread(id))),
      archivedAt === null
        ? tool(`Archive: ${heading}`, 'archive', () => done(feed.archive(id)))
        : tool(`Move back: ${heading}`, 'unarchive', () => done(feed.unarchive(id))),
      tool(`Delete: ${heading}`, 'remove', () => done(feed.remove(id))),
    )
    const take = ({ name, url: target }) => {
      done(feed.act(id, name))
      if (isLink(target)) window.open(target, '_blank', 'noopener,noreferrer')
    }
    return element(
      'article',
      {
        class: 'bell-item',
        'data-id': id,
        'data-unread': unread,
        'data-priority': priority,
        tabindex: '0',
        'aria-labelledby': `bell-${id}`,
      },
      element('span', { class: 'bell-dot' }, unread && element('span', { class: 'hidden' }, 'Unread')),
      element(
        'div',
        { class: 'bell-text' },
        element('h3', { id: `bell-${id}`, dir: 'auto' }, text),
        body && element('p', { dir: 'auto' }, body),
        isLink(image) && element('img', { src: image, alt: '', loading: 'lazy' }),
        actions.length > 0 &&
          element(
            'div',
            { class: 'bell-actions' },
            ...actions.map((action) =>
              element(
                'button',
                {
                  type: 'button',
                  class: action.primary ? 'primary' : 'plain',
                  'aria-pressed': item.acted[action.name] ? 'true' : undefined,
                  onclick: () => take(action),
                },
                action.label,
              ),
            ),
          ),
        element(
          'p',
          { class: 'bell-meta' },
          priority === 'critical' || priority === 'high' ? element('strong', {}, priority) : undefined,
          actor?.name && element('span', {}, actor.name),
          timeElement(createdAt),
        ),
      ),
      tools,
    )
  }

  /** Makes the list what the items are, touching nothing that stays, so that focus and scroll stay too. */
  const renderItems = (items) => {
    const focused = document.activeElement?.closest?.('.bell-item')
    const place = focused ? [...list.children].indexOf(focused) : -1
    const label =
      focused && document.activeElement !== focused ? document.activeElement.getAttribute('aria-label') : null
    const ids = new Set(items.map(({ id }) => id))
    for (const id of shown.keys()) if (!ids.has(id)) shown.delete(id)
    items.forEach((item, index) => {
      const before = shown.get(item.id)
      if (before?.item !== item) {
        const node = article(item)
        if (!before && shown.size > 0 && index === 0) node.classList.add('is-new')
        before?.node.replaceWith(node)
        shown.set(item.id, { item, node })
      }
      const { node } = shown.get(item.id)
      node.setAttribute('aria-posinset', String(index + 1))
      node.setAttribute('aria-setsize', '-1')
    })
    arrange(
      list,
      items.map(({ id }) => shown.get(id).node),
    )
    if (place < 0 || list.contains(document.activeElement)) return
    // The item that had the focus changed or went: stay where it was.
    const same = focused.dataset.id && shown.get(focused.dataset.id)?.node
    const kind = label?.split(':')[0]
    const control =
      same && [...same.querySelectorAll('.bell-tool')].find((each) => each.title.split(':')[0] === kind)
    const next = control ?? same ?? list.children[Math.min(place, list.children.length - 1)] ?? scroller
    next.focus({ preventScroll: true })
  }

  const render = () => {
    const { items, status, hasMore, error } = feed.getSnapshot()
    renderConnection()
    renderItems(items)
    list.setAttribute('aria-busy', String(status === 'loading'))
    more.hidden = !hasMore
    empty.hidden = items.length > 0
    if (items.length === 0) {
      const [title, hint] =
        status === 'loading'
          ? ['Loading…', '']
          : status === 'error'
            ? ['This cannot be loaded now', error?.message ?? '']
            : [tab.empty, tab.hint]
      empty.replaceChildren(icon('bell'), element('p', {}, title), element('p', { class: 'bell-hint' }, hint))
    }
    if (open && tab.query.status !== 'archived')
      done(feed.seen(items.filter(({ seenAt }) => seenAt === null).map(({ id }) => id)))
  }

  const show = (next) => {
    tab = next
    offFeed()
    feed?.close()
    shown.clear()
    list.replaceChildren()
    feed = client.feed(tab.query)
    offFeed = feed.subscribe(render)
    scroller.scrollTop = 0
    render()
  }

  const renderCounts = () => {
    const { unread, unseen } = client.counts.getSnapshot()
    count.hidden = unread === 0
    count.textContent = badge(unread)
    button.classList.toggle('has-news', unseen > 0)
    button.setAttribute('aria-label', unread > 0 ? `Notifications, ${unread} unread` : 'Notifications')
    // A disabled button loses the focus, and with it the panel its keys.
    if (unread === 0 && document.activeElement === readAll) panel.focus()
    readAll.disabled = unread === 0
  }

  /** Also says that actions wait to be sent, once they have for a while. */
  const renderConnection = () => {
    const { connection, pending } = client
    waitingSince = pending > 0 ? (waitingSince ?? performance.now()) : undefined
    const late = connection === 'offline' || performance.now() - waitingSince >= UNSAVED_MS
    const some = pending === 1 ? 'One change is' : `${pending} changes are`
    const texts = { offline: 'Offline. Trying to connect…', stopped: 'Disconnected' }
    const parts = [texts[connection], pending > 0 && late && `${some} not saved yet.`]
    state.textContent = parts.filter(Boolean).join(' ')
    state.hidden = state.textContent === ''
    clearTimeout(lookAgain)
    if (pending > 0 && !late) lookAgain = setTimeout(renderConnection, UNSAVED_MS)
  }

  const toggle = (now, focus = true) => {
    open = now
    panel.hidden = !open
    button.setAttribute('aria-expanded', String(open))
    if (open) render()
    else complain('')
    if (focus) (open ? panel : button).focus()
  }

  const onArrival = (item) => {
    arrived.push(item)
    button.classList.remove('is-ringing')
    // Reading a size ends the running animation, so that it starts anew.
    void button.offsetWidth
    button.classList.add('is-ringing')
    clearTimeout(announcing)
    announcing = setTimeout(() => {
      const [first] = arrived
      say(
        arrived.length === 1
          ? `New notification: ${first.title ?? first.type}`
          : `${arrived.length} new notifications`,
      )
      arrived = []
    }, 400)
  }

  const onKey = (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      toggle(false)
    }
    if (event.key === 'PageDown' || event.key === 'PageUp') {
      const place = [...list.children].indexOf(document.activeElement?.closest('.bell-item'))
      const next = list.children[place + (event.key === 'PageDown' ? 1 : -1)]
      if (!next) return
      event.preventDefault()
      next.focus()
    }
  }
  const onOutside = (event) => {
    if (open && !root.contains(event.target)) toggle(false, false)
  }

  button.addEventListener('click', () => toggle(!open))
  panel.addEventListener('keydown', onKey)
  document.addEventListener('pointerdown', onOutside)
  const offs = [
    keepTimes(list),
    client.counts.subscribe(renderCounts),
    client.on('notification', onArrival),
    client.on('connection', renderConnection),
    client.on('error', onError),
  ]
  const chooseTab = fillTabs(tabs, {
    names: TABS.map(({ name }) => name),
    panel: scroller,
    onChoose: (name) => show(TABS.find((each) => each.name === name)),
  })
  chooseTab(tab.name)
  renderCounts()
  renderConnection()

  return () => {
    for (const off of offs) off()
    offFeed()
    feed.close()
    clearTimeout(announcing)
    clearTimeout(lookAgain)
    document.removeEventListener('pointerdown', onOutside)
    root.replaceChildren()
  }
}
