// The app of react.e2e.test.ts. It is plain JavaScript, because React 18 and 19 have different types.
import {
  CarillonProvider,
  NotificationBell,
  useConnection,
  useCounts,
  useCountsBy,
  useFeed,
  useNotification,
  usePreferences,
} from '@carillon/client/react'
import * as React from 'react'

const { createElement: h, StrictMode, useState } = React
/** React 18 cannot hide a part of the page. */
const Activity = React.Activity ?? React.Fragment

const List = ({ name }) => {
  const { items, status, readAll } = useFeed({ status: 'active' })
  const texts = items.map(({ id, title, readAt }) => h('li', { key: id, 'data-read': !!readAt }, title))
  return h(
    'section',
    { 'aria-label': name },
    h('ul', { 'data-status': status }, texts),
    h('button', { type: 'button', onClick: readAll }, `Read all of ${name}`),
  )
}

const Counts = () => {
  const [arrived, arrive] = useState([])
  useNotification(({ title }) => arrive([...arrived, title]))
  return h('output', { 'data-arrived': arrived.join() }, `${useCounts().unread} unread, ${useConnection()}`)
}

const Preferences = () => {
  const { effective, status, change } = usePreferences()
  const unread = [...useCountsBy('category')].map(([category, counts]) => `${category}: ${counts.unread}`)
  return h(
    'aside',
    { 'data-status': status, 'data-categories': unread.join() },
    h(
      'button',
      { type: 'button', onClick: () => change({ muted: !effective.muted }) },
      effective?.muted ? 'Muted' : 'Mute',
    ),
  )
}

const Bell = () => {
  const [clicked, click] = useState('')
  const onItemClick = (event) => {
    event.preventDefault()
    click(event.detail.url)
  }
  return h(
    'p',
    { 'data-clicked': clicked },
    h(NotificationBell, {
      className: 'bell',
      theme: 'dark',
      titleBadge: true,
      strings: { bell: 'News' },
      onItemClick,
    }),
  )
}

export const App = ({ url, token }) => {
  const [renders, render] = useState(0)
  const [isShown, show] = useState(true)
  const [mode, setMode] = useState('visible')
  const parts = [
    h(Bell, { key: 1 }),
    h(List, { key: 2, name: 'one' }),
    h(List, { key: 3, name: 'two' }),
    h(Counts, { key: 4 }),
    h(Preferences, { key: 5 }),
  ]
  return h(
    StrictMode,
    null,
    h('button', { type: 'button', onClick: () => render(renders + 1) }, `Rendered ${renders}`),
    h('button', { type: 'button', onClick: () => show(!isShown) }, 'Switch'),
    h('button', { type: 'button', onClick: () => setMode(mode === 'hidden' ? 'visible' : 'hidden') }, 'Hide'),
    // The token function is a new one at each render.
    isShown &&
      h(
        Activity,
        Activity === React.Fragment ? {} : { mode },
        h(CarillonProvider, { url, token: async () => token() }, parts),
      ),
  )
}
