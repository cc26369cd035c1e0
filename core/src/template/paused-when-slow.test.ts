import { expect, test, vi } from 'vitest'
import { pausedWhenSlow } from './paused-when-slow.ts'
import { TemplateError } from './template-error.ts'

const TO = { locale: 'en', timezone: 'UTC', now: 0, messages: [] }

/** A template that advances a fake clock by `ms`. */
const templateOf = () => {
  let now = 0
  let calls = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const render = pausedWhenSlow(({ ms }) => {
    calls++
    now += Number(ms)
    if (Number(ms) > 500) throw new TemplateError('template render limit exceeded', 1)
    return { text: 'x', missing: [] }
  })
  const take = (ms: number) => {
    try {
      return render({ ms }, TO).text
    } catch (error) {
      return (error as TemplateError).message
    }
  }
  return { take, calls: () => calls, pass: (ms: number) => (now += ms) }
}

test('a template fails immediately for a minute after three timeouts in a row', () => {
  const { take, calls, pass } = templateOf()
  for (let each = 0; each < 3; each++) expect(take(1_000)).toBe('template render limit exceeded')
  expect([take(1), calls()]).toEqual(['the template is too slow and is paused for up to a minute', 3])
  pass(60_001)
  expect([take(1), calls()]).toEqual(['x', 4])
})

test('occasional timeouts do not pause a template', () => {
  const { take, calls } = templateOf()
  for (let each = 0; each < 5; each++) expect([take(1_000), take(1), take(1_000)][1]).toBe('x')
  expect(calls()).toBe(15)
})
