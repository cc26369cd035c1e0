import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

const heavy = { name: 'heavy', weight: 3 }
const light = { name: 'light', weight: 1 }

const give = (turns: ReturnType<typeof createTurns<typeof heavy>>, count: number, waiting = [heavy, light]) =>
  Array.from({ length: count }, () => turns.next(waiting)?.name)

test('full queues get turns in proportion to their weights', () => {
  const turns = give(createTurns([heavy, light]), 400)
  expect(turns.filter((name) => name === 'heavy')).toHaveLength(300)
  expect(turns.slice(0, 8).filter((name) => name === 'light')).toHaveLength(2)
})

test('a queue that was idle does not save up turns', () => {
  const turns = createTurns([heavy, light])
  give(turns, 300, [heavy])
  const together = give(turns, 40)
  expect(together.filter((name) => name === 'light').length).toBeLessThanOrEqual(11)
})

test('without a queue that waits nobody gets a turn', () => {
  expect(createTurns([heavy, light]).next([])).toBeUndefined()
})
