/** One item of the bell: its content, its actions and its tools. */
import { element, timeElement } from './dom.js'

const ICONS = {
  bell: 'M12 3a6 6 0 0 0-6 6c0 5-2 6.5-2 8h16c0-1.5-2-3-2-8a6 6 0 0 0-6-6Zm-2 17a2 2 0 0 0 4 0',
  read: 'm5 13 4 4L19 7',
  unread: 'M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  unarchive: 'M4 5h16v4H4zM6 9v10h12V9M12 17v-5m-2 2 2-2 2 2',
  remove: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 11v5M13.5 11v5',
}

export const icon = (name) => {
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

/** The hub checks links; the page checks them again. */
const isLink = (url) => /^(https?:\/\/|mailto:|tel:|\/(?![/\\]))/i.test(url ?? '')

const tool = (label, name, act) =>
  element(
    'button',
    { class: 'bell-tool', type: 'button', 'aria-label': label, title: label, onclick: act },
    icon(name),
  )

const tools = ({ id, readAt, archivedAt }, heading, change) =>
  element(
    'div',
    { class: 'bell-tools' },
    readAt === null
      ? tool(`Mark read: ${heading}`, 'read', () => change((feed) => feed.read(id)))
      : tool(`Mark unread: ${heading}`, 'unread', () => change((feed) => feed.unread(id))),
    archivedAt === null
      ? tool(`Archive: ${heading}`, 'archive', () => change((feed) => feed.archive(id)))
      : tool(`Move back: ${heading}`, 'unarchive', () => change((feed) => feed.unarchive(id))),
    tool(`Delete: ${heading}`, 'remove', () => change((feed) => feed.remove(id))),
  )

const title = ({ id, url, readAt }, heading, change) =>
  isLink(url)
    ? element(
        'a',
        {
          href: url,
          target: '_blank',
          rel: 'noopener noreferrer',
          onclick: () => readAt === null && change((feed) => feed.read(id)),
        },
        heading,
      )
    : heading

const actionButtons = ({ id, actions = [], acted }, change) => {
  const take = ({ name, url }) => {
    change((feed) => feed.act(id, name))
    if (isLink(url)) window.open(url, '_blank', 'noopener,noreferrer')
  }
  return (
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
            'aria-pressed': acted[action.name] ? 'true' : undefined,
            onclick: () => take(action),
          },
          action.label,
        ),
      ),
    )
  )
}

/** Returns the article of an item. `change` runs a change on the feed, such as `change((feed) => feed.read(id))`. */
export const itemArticle = (item, change) => {
  const { id, body, image, actor, priority, createdAt } = item
  const heading = item.title ?? item.type
  const unread = item.readAt === null
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
      element('h3', { id: `bell-${id}`, dir: 'auto' }, title(item, heading, change)),
      body && element('p', { dir: 'auto' }, body),
      isLink(image) && element('img', { src: image, alt: '', loading: 'lazy' }),
      actionButtons(item, change),
      element(
        'p',
        { class: 'bell-meta' },
        priority === 'critical' || priority === 'high' ? element('strong', {}, priority) : undefined,
        actor?.name && element('span', {}, actor.name),
        timeElement(createdAt),
      ),
    ),
    tools(item, heading, change),
  )
}
