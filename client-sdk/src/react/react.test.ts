import { createElement, type ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { createClient } from '../client/client.ts'
import { CarillonProvider, NotificationBell, useClient, useCounts, useFeed } from './react.ts'
import { createReferenceCount } from './reference-count.ts'

const Unread = () => `${useCounts().unread} of ${useFeed().items.length}`
const render = (element: ReactElement) => renderToString(element)

it('renders on a server with a relative URL, and without the token', () => {
  const bell = createElement(NotificationBell, { url: '/', token: 'secret', mode: 'page', open: true })
  const options = { url: '/hub', token: 'secret' }
  expect(render(createElement(CarillonProvider, options, createElement(Unread), bell))).toBe(
    '0 of 0<notification-bell url="/" mode="page"></notification-bell>',
  )
})

it('provides the client of the app', () => {
  const client = createClient({ url: 'http://hub.test', token: 'x' })
  const used: unknown[] = []
  const Use = () => {
    used.push(useClient())
    return null
  }
  render(createElement(CarillonProvider, { client }, createElement(Use)))
  expect(used).toEqual([client])
})

it.each([
  ['a hook without a provider', createElement(Unread), /<CarillonProvider/],
  ['a provider without a URL', createElement(CarillonProvider, { token: 'x' }), /needs `client`, or `url`/],
  ['a provider without a token', createElement(CarillonProvider, { url: '/' }), /`token` or `tokenUrl`/],
])('throws an error that names what is missing: %s', (_, element, message) => {
  expect(() => render(element)).toThrow(message)
})

it('ends an unused resource once, and not if it is used again in the same task', async () => {
  let ended = 0
  const users = createReferenceCount(() => ended++)
  const [one, two] = [users.add(), users.add()]
  one()
  await Promise.resolve()
  expect(ended).toBe(0)
  two()
  const again = users.add()
  await Promise.resolve()
  expect([ended, users.ended]).toEqual([0, false])
  again()
  await Promise.resolve()
  expect([ended, users.ended]).toEqual([1, true])
})
