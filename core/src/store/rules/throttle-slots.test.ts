import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTakers, type Takers, takeSlots, writeTakers } from './throttle-slots.ts'

const WINDOW = 100
const asks = fc.array(
  fc.record({ taker: fc.nat(12).map(String), pause: fc.nat(60), released: fc.boolean() }),
  { maxLength: 60 },
)

test('no window has more messages than the limit, and none is refused while a slot is free', () => {
  fc.assert(
    fc.property(asks, fc.integer({ min: 1, max: 5 }), (sequence, limit) => {
      let takers: Takers = new Map()
      let now = 0
      /** When each message that left got its slot. */
      const left: { taker: string; at: number }[] = []
      for (const { taker, pause, released } of sequence) {
        now += pause
        const active = left.filter(({ at }) => now - at < WINDOW)
        const { takers: after, answers } = takeSlots(takers, [
          { user: 'ada', key: 'k', taker, limit, until: now + WINDOW, now },
        ])
        takers = readTakers(writeTakers(after ?? takers))
        const [answer] = answers
        const before = active.find((each) => each.taker === taker)
        if (before) {
          expect(answer).toEqual({ taken: true, until: before.at + WINDOW })
          continue
        }
        expect(answer?.taken).toBe(active.length < limit)
        if (!answer?.taken) {
          expect(answer?.until).toBe(Math.min(...active.map(({ at }) => at)) + WINDOW)
          continue
        }
        left.push({ taker, at: now })
        if (!released) continue
        left.pop()
        const fewer = new Map(takers)
        fewer.delete(taker)
        takers = fewer
      }
      for (const { at } of left)
        expect(left.filter((other) => other.at >= at && other.at < at + WINDOW).length).toBeLessThanOrEqual(
          limit,
        )
    }),
  )
})

test('requests together are answered as one after the other', () => {
  const request = fc.record({
    ...{ user: fc.constant('ada'), key: fc.constant('k'), taker: fc.nat(9).map(String) },
    ...{ limit: fc.integer({ min: 1, max: 4 }), until: fc.nat(300), now: fc.nat(200) },
  })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
      let takers: Takers = new Map()
      const one = requests.map((each) => {
        const { takers: after, answers } = takeSlots(takers, [each])
        takers = after ?? takers
        return answers[0]
      })
      expect(takeSlots(new Map(), requests).answers).toEqual(one)
    }),
  )
})
