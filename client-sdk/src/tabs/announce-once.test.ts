import { afterEach, expect, test, vi } from 'vitest'
import { announceOnce } from './announce-once.ts'

const open = () => {
  const announced: string[] = []
  return { announced, ...announceOnce<{ id: string }>(({ id }) => announced.push(id)) }
}
/** Opens two tabs that share announcements. */
const openTwo = () => {
  const stored = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  })
  const [first, second] = [open(), open()]
  for (const tab of [first, second]) tab.share('carillon-x')
  first.lead(true)
  return [first, second] as const
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('a tab that shares with no other tab announces every item', () => {
  const tab = open()
  tab.add({ id: 'a' })
  expect(tab.announced).toEqual(['a'])
})

test('only the leader announces', () => {
  const [first, second] = openTwo()
  for (const tab of [first, second]) tab.add({ id: 'a' })
  expect([first.announced, second.announced]).toEqual([['a'], []])
  first.lead(false)
  second.lead(true)
  second.add({ id: 'b' })
  expect(second.announced).toEqual(['b'])
})

test('a new leader announces an item that the former one did not announce before it closed', () => {
  const [first, second] = openTwo()
  second.add({ id: 'a' })
  first.lead(false)
  first.add({ id: 'a' })
  second.lead(true)
  expect([first.announced, second.announced]).toEqual([[], ['a']])
})

test('a new leader does not announce older items', () => {
  vi.useFakeTimers()
  const [, second] = openTwo()
  second.add({ id: 'a' })
  vi.advanceTimersByTime(10_000)
  second.lead(true)
  expect(second.announced).toEqual([])
})
