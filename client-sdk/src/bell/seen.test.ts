import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSeen } from './seen.ts'

let look: (entries: object[]) => void

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('innerHeight', 800)
  vi.stubGlobal('document', { visibilityState: 'visible', hasFocus: () => true })
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(callback: typeof look) {
        look = callback
      }
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  )
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('reports items that were on screen, but not elements without an item', () => {
  const report = vi.fn()
  const seen = createSeen(report)
  const targets = [{ dataset: { id: 'a' } }, { dataset: {} as { id?: string } }]
  seen.watch(null, targets as never)
  look(targets.map((target) => ({ target, isIntersecting: true, intersectionRatio: 1 })))
  vi.advanceTimersByTime(3_000)
  expect(report.mock.calls).toEqual([[['a']]])
  seen.stop()
})
