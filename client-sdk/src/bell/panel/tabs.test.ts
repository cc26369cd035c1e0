import { expect, it } from 'vitest'
import { ALL, idOf, tabsOf } from './tabs.ts'

const keys = (names: [string, string][], chosen = ALL) => tabsOf(new Map(names), chosen).map(({ key }) => key)

it('categories have tabs if at least two of them have names', () => {
  expect(keys([['orders', 'Orders']])).toEqual(['all', 'unread', 'snoozed', 'archived'])
  const two: [string, string][] = [
    ['__proto__', 'Orders'],
    ['my news', 'News'],
  ]
  expect(keys(two)).toEqual([
    'all',
    'unread',
    'category __proto__',
    'category my news',
    'snoozed',
    'archived',
  ])
  expect(tabsOf(new Map(two), ALL)[2]).toMatchObject({ name: 'Orders', query: { category: '__proto__' } })
})

it('a chosen tab stays when its category loses its name, and ids have no spaces', () => {
  const chosen = { key: 'category my news', query: { category: 'my news' }, name: 'News' } as const
  const tabs = tabsOf(new Map(), chosen)
  expect(tabs.at(-1)).toBe(chosen)
  for (const tab of tabs) expect(idOf(tab)).not.toContain(' ')
})
