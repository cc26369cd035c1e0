import { expect, test } from 'vitest'
import { createFairScheduler } from './fair-scheduler.ts'

const heavy = { name: 'heavy', weight: 3 }
const light = { name: 'light', weight: 1 }

const give = (
  scheduler: ReturnType<typeof createFairScheduler<typeof heavy>>,
  count: number,
  waiting = [heavy, light],
) => Array.from({ length: count }, () => scheduler.next(waiting)?.name)

test('gives full queues turns in proportion to their weights', () => {
  const turns = give(createFairScheduler([heavy, light]), 400)
  expect(turns.filter((name) => name === 'heavy')).toHaveLength(300)
  expect(turns.slice(0, 8).filter((name) => name === 'light')).toHaveLength(2)
})

test('does not let an idle queue save up turns', () => {
  const scheduler = createFairScheduler([heavy, light])
  give(scheduler, 300, [heavy])
  const together = give(scheduler, 40)
  expect(together.filter((name) => name === 'light').length).toBeLessThanOrEqual(11)
})

test('returns no queue if none is waiting', () => {
  expect(createFairScheduler([heavy, light]).next([])).toBeUndefined()
})
