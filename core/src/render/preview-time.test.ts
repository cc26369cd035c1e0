import { expect, test, vi } from 'vitest'
import { timeFor } from '../template/engine.ts'
import { OUT_OF_TIME } from '../template/paused-when-slow.ts'
import { createPreviewTime } from './preview-time.ts'

/** Renders channels that each take `ms` of a fake clock, and counts the turns of the event loop. */
const rendering = (ms: number, timedOut: boolean) => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const time = createPreviewTime()
  let calls = 0
  let turns = 0
  const channel = async () => {
    setImmediate(() => turns++)
    await time((limit) => {
      calls++
      expect(limit).toBeInstanceOf(timeFor(1).constructor)
      now += ms
      return timedOut ? { faults: [{ message: OUT_OF_TIME }] } : {}
    })
  }
  return { channel, counts: () => ({ calls, turns }) }
}

test('other work runs before each channel', async () => {
  const { channel, counts } = rendering(1, false)
  for (let each = 0; each < 12; each++) await channel()
  expect(counts()).toEqual({ calls: 12, turns: 12 })
})

test('a channel that times out is tried once more, until the time of the preview is used up', async () => {
  const { channel, counts } = rendering(100, true)
  for (let each = 0; each < 10; each++) await channel()
  expect(counts().calls).toBe(20)
  await channel()
  expect(counts().calls).toBe(21)
})
