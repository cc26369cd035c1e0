import { randomUUID } from 'node:crypto'
import type { Priority } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { type Granted, HORIZON_MS, type Limit, type Limits, type Turn } from '../port.ts'

/** What some granted turns were told, apart. */
export const told = (granted: readonly Granted[]) => ({
  go: granted.flatMap((each) => ('go' in each ? [each.go] : [])),
  wait: granted.flatMap((each) => ('wait' in each ? [each.wait] : [])),
})

/** Expects no stretch of time to hold more turns than the limit allows. Times are whole ms, and so are off by one. */
export const expectPace = (times: readonly number[], { perSecond, burst }: Omit<Limit, 'key'>): void => {
  const sorted = times.toSorted((a, b) => a - b)
  // How far ahead of a steady pace the turns are: from its least value on it may rise by the burst.
  let least = Infinity
  for (const [index, time] of sorted.entries()) {
    const ahead = index - (time * perSecond) / 1_000
    least = Math.min(least, ahead)
    expect(ahead - least + 1).toBeLessThanOrEqual(burst + perSecond / 1_000 + 0.01)
  }
}

const repeat = (count: number, turn: Turn): Turn[] => Array<Turn>(count).fill(turn)

/** What every adapter of the limits port does. */
export const limitsContract = (name: string, open: () => Limits): void => {
  const limit = (perSecond: number, burst: number): Limit => ({
    key: `tenant-${randomUUID()} provider`,
    perSecond,
    burst,
  })
  const turn = (priority: Priority, ...limits: Limit[]): Turn => ({ priority, limits })
  const ask = async (turns: readonly Turn[]) => told(await open().turns(turns))

  describe(`limits: ${name}`, () => {
    test('what has no limit goes now', async () => {
      const before = Date.now()
      const [granted] = await open().turns([turn('low')])
      expect(granted).toEqual({ go: expect.any(Number) })
      const [go = 0] = told(granted ? [granted] : []).go
      expect(go).toBeGreaterThanOrEqual(before)
      expect(go).toBeLessThanOrEqual(Date.now() + 2)
      expect(await open().turns([])).toEqual([])
    })

    test('gives turns at the pace, as many at once as the burst', async () => {
      const pace = limit(1_000, 20)
      const before = Date.now()
      const { go, wait } = await ask(repeat(300, turn('high', pace)))
      expect([go.length, wait.length]).toEqual([300, 0])
      expectPace(go, pace)
      expect(go.filter((time) => time <= (go[0] ?? 0) + 1).length).toBeGreaterThanOrEqual(20)
      expect(go.at(-1)).toBeGreaterThanOrEqual(before + 280)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + 282)
    })

    test('keeps the pace over many calls at once', async () => {
      const pace = limit(500, 5)
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => open().turns(repeat(15, turn('normal', pace)))),
      )
      const { go, wait } = told(answers.flat())
      expect([go.length, wait.length]).toEqual([300, 0])
      expectPace(go, pace)
    })

    test('keeps every limit of a turn', async () => {
      const [provider, one, other] = [limit(200, 10), limit(50, 2), limit(50, 2)]
      const turns = Array.from({ length: 60 }, (_, index) => turn('high', provider, index % 2 ? one : other))
      const granted = await open().turns(turns)
      expect(told(granted).wait).toEqual([])
      expectPace(told(granted).go, provider)
      expectPace(told(granted.filter((_, index) => index % 2 === 1)).go, one)
      expectPace(told(granted.filter((_, index) => index % 2 === 0)).go, other)
    })

    test('spreads what has to wait over the time it takes, the first first', async () => {
      const pace = limit(100, 1)
      const now = Date.now()
      const { go, wait } = await ask(repeat(1_200, turn('normal', pace)))
      expectPace(go, pace)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + HORIZON_MS)
      expect(go.length + wait.length).toBe(1_200)
      expect(wait).toEqual(wait.toSorted((a, b) => a - b))
      expectPace(wait, pace)
      expect(wait[0]).toBeGreaterThan(now)
      expect(wait.at(-1)).toBeGreaterThan(now + 10_000)
      expect(wait.at(-1)).toBeLessThanOrEqual(now + 13_000)
    })

    test('urgent turns come before those that wait, which know nothing of later ones of their kind', async () => {
      const pace = limit(100, 1)
      const now = Date.now()
      await ask(repeat(2_000, turn('low', pace)))
      const low = await ask(repeat(10, turn('low', pace)))
      expect(Math.min(...low.wait)).toBeGreaterThan(now + 18_000)
      expect(await ask(repeat(10, turn('normal', pace)))).toMatchObject({ wait: [] })
      expect(await ask(repeat(10, turn('high', pace)))).toMatchObject({ wait: [] })
      const [waited] = await open().turns([{ ...turn('low', pace), waited: true }])
      expect(told(waited ? [waited] : []).wait[0]).toBeLessThan(now + 3_000)
    })

    test('critical turns are given for good behind their own kind only', async () => {
      const pace = limit(100, 1)
      for (const priority of ['low', 'normal', 'high'] as const)
        await ask(repeat(5_000, turn(priority, pace)))
      const { go, wait } = await ask(repeat(300, turn('critical', pace)))
      expect(wait).toEqual([])
      expectPace(go, pace)
      expect(go[0]).toBeLessThanOrEqual(Date.now() + HORIZON_MS + 10)
      expect(go.at(-1)).toBeLessThanOrEqual(Date.now() + HORIZON_MS + 3_010)
      const later = await ask([turn('high', pace)])
      expect(later.go).toEqual([])
    })

    test('what waits for one limit holds up nobody at another', async () => {
      const [provider, user] = [limit(1_000, 100), limit(1, 1)]
      for (const priority of ['low', 'critical'] as const)
        await ask(repeat(50, turn(priority, provider, user)))
      const before = Date.now()
      const { go } = await ask(repeat(10, turn('low', provider)))
      expect(go).toHaveLength(10)
      expect(go.at(-1)).toBeLessThanOrEqual(before + HORIZON_MS)
    })

    test('refuses a pace that is none', async () => {
      await expect(open().turns([turn('low', limit(0, 1))])).rejects.toThrow(RangeError)
      await expect(open().turns([turn('low', limit(1, 0))])).rejects.toThrow(RangeError)
    })

    test('allows so many in a time, then says how long', async () => {
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
