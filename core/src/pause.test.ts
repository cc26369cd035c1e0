import { expect, test } from 'vitest'
import { collected, createPause } from './pause.ts'

/** Counts the turns of the event loop until `work` ends. */
const turnsDuring = async (work: Promise<unknown>) => {
  let turns = 0
  let done = false
  const count = () => {
    turns++
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  await work.finally(() => {
    done = true
  })
  return turns
}

/** Units that each advance a fake clock by `ms`. */
const workOf = (units: number, ms: number) => {
  let now = 0
  const pause = createPause({ what: 'the type', budgetMs: 1_000, now: () => now })
  const run = function* () {
    for (let unit = 0; unit < units; unit++) {
      now += ms
      yield [unit]
    }
  }
  return collected(run(), pause)
}

test('other work runs between units that together hold the event loop', async () => {
  expect(await turnsDuring(workOf(50, 20))).toBeGreaterThan(40)
  expect(await turnsDuring(workOf(50, 0.1))).toBeLessThan(5)
})

test('the units are collected in order', async () => {
  expect(await workOf(4, 20)).toEqual([0, 1, 2, 3])
})

test('work beyond its budget is refused', async () => {
  await expect(workOf(51, 20)).rejects.toMatchObject({
    problem: { code: 'invalid_request', detail: 'the type takes longer than 1 s to check' },
  })
})
