import { randomUUID } from 'node:crypto'
import type { Priority } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { type Grant, type Limit, type Limits, PERMIT_AHEAD_MS, type PermitRequest } from '../port.ts'

/** Splits grants into permits and retry slots. */
export const split = (granted: readonly Grant[]) => ({
  go: granted.flatMap((each) => ('go' in each ? [each.go] : [])),
  wait: granted.flatMap((each) => ('wait' in each ? [each.wait] : [])),
})

/**
 * Expects that no period contains more permits than the limit allows. Times are whole ms, so they may be off
 * by one.
 */
export const expectRate = (times: readonly number[], { perSecond, burst }: Omit<Limit, 'key'>): void => {
  const sorted = times.toSorted((a, b) => a - b)
  // How far the permits are ahead of a steady rate. This may rise from its minimum by the burst.
  let least = Infinity
  for (const [index, time] of sorted.entries()) {
    const ahead = index - (time * perSecond) / 1_000
    least = Math.min(least, ahead)
    expect(ahead - least + 1).toBeLessThanOrEqual(burst + perSecond / 1_000 + 0.01)
  }
}

const repeat = (count: number, request: PermitRequest): PermitRequest[] =>
  Array<PermitRequest>(count).fill(request)

/** The contract of the limits port. */
export const limitsContract = (name: string, open: () => Limits): void => {
  const limit = (perSecond: number, burst: number): Limit => ({
    key: `tenant-${randomUUID()} provider`,
    perSecond,
    burst,
  })
  const request = (priority: Priority, ...limits: Limit[]): PermitRequest => ({ priority, limits })
  const ask = async (requests: readonly PermitRequest[]) => split(await open().acquire(requests))

  describe(`limits: ${name}`, () => {
    test('a request without limits gets a permit at once', async () => {
      const before = Date.now()
      const [granted] = await open().acquire([request('low')])
      expect(granted).toEqual({ go: expect.any(Number) })
      const [go = 0] = split(granted ? [granted] : []).go
      expect(go).toBeGreaterThanOrEqual(before)
      expect(go).toBeLessThanOrEqual(Date.now() + 2)
      expect(await open().acquire([])).toEqual([])
    })

    test('permits follow the rate and the burst', async () => {
      const rate = limit(1_000, 20)
      const before = Date.now()
      const { go, wait } = await ask(repeat(300, request('high', rate)))
      expect([go.length, wait.length]).toEqual([300, 0])
      expectRate(go, rate)
      expect(go.filter((time) => time <= (go[0] ?? 0) + 1).length).toBeGreaterThanOrEqual(20)
      expect(go.at(-1)).toBeGreaterThanOrEqual(before + 280)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + 282)
    })

    test('concurrent calls share the rate', async () => {
      const rate = limit(500, 5)
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => open().acquire(repeat(15, request('normal', rate)))),
      )
      const { go, wait } = split(answers.flat())
      expect([go.length, wait.length]).toEqual([300, 0])
      expectRate(go, rate)
    })

    test('permits respect every limit of a request', async () => {
      const [provider, one, other] = [limit(200, 10), limit(50, 2), limit(50, 2)]
      const requests = Array.from({ length: 60 }, (_, index) =>
        request('high', provider, index % 2 ? one : other),
      )
      const granted = await open().acquire(requests)
      expect(split(granted).wait).toEqual([])
      expectRate(split(granted).go, provider)
      expectRate(split(granted.filter((_, index) => index % 2 === 1)).go, one)
      expectRate(split(granted.filter((_, index) => index % 2 === 0)).go, other)
    })

    test('retry slots are spread at the rate, in order', async () => {
      const rate = limit(100, 1)
      const now = Date.now()
      const { go, wait } = await ask(repeat(1_200, request('normal', rate)))
      expectRate(go, rate)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + PERMIT_AHEAD_MS)
      expect(go.length + wait.length).toBe(1_200)
      expect(wait).toEqual(wait.toSorted((a, b) => a - b))
      expectRate(wait, rate)
      expect(wait[0]).toBeGreaterThan(now)
      expect(wait.at(-1)).toBeGreaterThan(now + 10_000)
      expect(wait.at(-1)).toBeLessThanOrEqual(now + 13_000)
    })

    test('urgent requests precede waiting ones, and a request that has waited precedes first requests of its priority', async () => {
      const rate = limit(100, 1)
      const now = Date.now()
      await ask(repeat(2_000, request('low', rate)))
      const low = await ask(repeat(10, request('low', rate)))
      expect(Math.min(...low.wait)).toBeGreaterThan(now + 18_000)
      expect(await ask(repeat(10, request('normal', rate)))).toMatchObject({ wait: [] })
      expect(await ask(repeat(10, request('high', rate)))).toMatchObject({ wait: [] })
      const [waited] = await open().acquire([{ ...request('low', rate), waited: true }])
      expect(split(waited ? [waited] : []).wait[0]).toBeLessThan(now + 3_000)
    })

    test('critical requests wait for permits only behind critical ones', async () => {
      const rate = limit(100, 1)
      for (const priority of ['low', 'normal', 'high'] as const)
        await ask(repeat(5_000, request(priority, rate)))
      const { go, wait } = await ask(repeat(300, request('critical', rate)))
      expect(wait).toEqual([])
      expectRate(go, rate)
      expect(go[0]).toBeLessThanOrEqual(Date.now() + PERMIT_AHEAD_MS + 10)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + PERMIT_AHEAD_MS + 3_010)
      const later = await ask([request('high', rate)])
      expect(later.go).toEqual([])
    })

    test('a queue at one limit does not block another', async () => {
      const [provider, user] = [limit(1_000, 100), limit(1, 1)]
      for (const priority of ['low', 'critical'] as const)
        await ask(repeat(50, request(priority, provider, user)))
      const before = Date.now()
      const { go } = await ask(repeat(10, request('low', provider)))
      expect(go).toHaveLength(10)
      expect(go.at(-1)).toBeLessThanOrEqual(before + PERMIT_AHEAD_MS)
    })

    test('an invalid rate throws RangeError', async () => {
      await expect(open().acquire([request('low', limit(0, 1))])).rejects.toThrow(RangeError)
      await expect(open().acquire([request('low', limit(1, 0))])).rejects.toThrow(RangeError)
    })

    test('`allow` accepts `points` calls per window, then returns the wait', async () => {
      const limits = open()
      const [key, other] = [randomUUID(), randomUUID()]
      const twice = { points: 2, seconds: 60 }
      expect(await Promise.all([limits.allow(key, twice), limits.allow(key, twice)])).toEqual([0, 0])
      const wait = await limits.allow(key, twice)
      expect(wait).toBeGreaterThan(50_000)
      expect(wait).toBeLessThanOrEqual(60_000)
      expect(await limits.allow(other, twice)).toBe(0)
      expect(await limits.allow(key, { points: 1, seconds: 3_600 })).toBe(0)
      expect(await limits.allow(key, { points: 1, seconds: 3_600 })).toBeGreaterThan(3_500_000)
    })
  })
}
