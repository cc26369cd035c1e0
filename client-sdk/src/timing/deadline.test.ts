import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { withDeadline } from './deadline.ts'

const aborted = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    if (signal.aborted) resolve('at once')
    signal.addEventListener('abort', () => resolve('later'))
  })

it('aborts after the deadline, and when the other signal aborts', async () => {
  expect(await withDeadline(1, undefined, aborted)).toBe('later')
  const { signal } = new AbortController()
  expect(await withDeadline(1, signal, aborted)).toBe('later')
  expect(await withDeadline(60_000, AbortSignal.abort(), aborted)).toBe('at once')
})

it('aborts any number of concurrent calls with one listener', async () => {
  const other = new AbortController()
  const works = Array.from({ length: 50 }, () => withDeadline(60_000, other.signal, aborted))
  expect(getEventListeners(other.signal, 'abort')).toHaveLength(1)
  other.abort()
  expect(new Set(await Promise.all(works))).toEqual(new Set(['later']))
})
