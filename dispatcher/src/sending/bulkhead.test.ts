import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBulkhead } from './bulkhead.ts'

describe('a bulkhead', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('admits the most urgent first', async () => {
    const bulkhead = createBulkhead(1, 1_000)
    const leave = await bulkhead.enter('low')
    const order: string[] = []
    const enter = async (priority: 'normal' | 'critical') => {
      const done = await bulkhead.enter(priority)
      order.push(priority)
      return done
    }
    const normal = enter('normal')
    const critical = enter('critical')
    expect(bulkhead.load).toBe(3)
    leave?.()
    ;(await critical)?.()
    ;(await normal)?.()
    expect(order).toEqual(['critical', 'normal'])
    expect(bulkhead.load).toBe(0)
  })

  test('rejects callers that have waited for patienceMs', async () => {
    const bulkhead = createBulkhead(1, 1_000)
    await bulkhead.enter('normal')
    const first = bulkhead.enter('normal')
    vi.advanceTimersByTime(400)
    const second = bulkhead.enter('low')
    vi.advanceTimersByTime(600)
    expect(await first).toBeUndefined()
    expect(bulkhead.load).toBe(2)
    vi.advanceTimersByTime(400)
    expect(await second).toBeUndefined()
    expect(bulkhead.load).toBe(1)
  })

  test('rejects a caller immediately if its estimated wait is too long, but not a more urgent one', async () => {
    const bulkhead = createBulkhead(1, 1_000)
    const leave = await bulkhead.enter('normal')
    void bulkhead.enter('normal')
    vi.advanceTimersByTime(1_000)
    expect(bulkhead.gap).toBe(1_000)
    const next = bulkhead.enter('normal')
    expect(await bulkhead.enter('normal')).toBeUndefined()
    const urgent = bulkhead.enter('high')
    leave?.()
    ;(await urgent)?.()
    ;(await next)?.()
    expect(bulkhead.load).toBe(0)
  })

  test('counts a repeated leave once', async () => {
    const bulkhead = createBulkhead(1, 1_000)
    const leave = await bulkhead.enter('normal')
    leave?.()
    leave?.()
    expect(bulkhead.load).toBe(0)
  })
})
