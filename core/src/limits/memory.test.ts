import type { Priority } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { expectRate, limitsContract } from './contract/limits.ts'
import { memoryLimits } from './memory.ts'
import { type Limit, PERMIT_AHEAD_MS } from './port.ts'

const one = memoryLimits()
limitsContract('in memory', () => one)

type Wanted = { priority: Priority; at: number; limits: readonly Limit[] }
type Asking = Wanted & { first: number; asked: number; waited: boolean; go: number }

/** Simulates requests that ask again at their retry slots, up to `late` ms late. Returns them in the order of permits. */
const simulate = async (wanted: readonly Wanted[], late = 0): Promise<Asking[]> => {
  let clock = 0
  const limits = memoryLimits({ now: () => clock })
  // A priority queue by time, in buckets of one millisecond.
  const due = new Map<number, Asking[]>()
  const later = (asking: Asking) => {
    const at = Math.ceil(asking.at)
    due.set(at, [...(due.get(at) ?? []), asking])
  }
  for (const each of wanted) later({ ...each, first: each.at, asked: 0, waited: false, go: 0 })
  // A small seeded generator, so that every run is the same (Park and Miller, 1988).
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const gone: Asking[] = []
  for (; gone.length < wanted.length; clock++) {
    const asking = due.get(clock)
    if (!asking) continue
    due.delete(clock)
    const granted = await limits.acquire(asking)
    for (const [index, each] of asking.entries()) {
      const answer = granted[index]
      each.asked++
      if (answer && 'go' in answer) gone.push({ ...each, go: answer.go })
      else if (answer) {
        expect(answer.wait).toBeGreaterThan(clock)
        later({ ...each, waited: true, at: answer.wait + Math.floor(random() * late) })
      }
    }
  }
  return gone.toSorted((a, b) => a.go - b.go)
}

const rate = { key: 'acme provider', perSecond: 100, burst: 10 }
const many = (count: number, priority: Priority, at: (index: number) => number, limits = [rate]): Wanted[] =>
  Array.from({ length: count }, (_, index) => ({ priority, at: at(index), limits }))
const asks = (gone: readonly Asking[]) => gone.reduce((sum, { asked }) => sum + asked, 0) / gone.length
const delays = (gone: readonly Asking[], priority: Priority) =>
  gone.filter((each) => each.priority === priority).map(({ go, first }) => go - first)

describe('a queue at a limit', () => {
  test.each([0, 300])(
    'needs about two calls per request and wastes no capacity, %i ms late',
    async (late) => {
      const gone = await simulate(
        many(10_000, 'normal', () => 1),
        late,
      )
      expectRate(
        gone.map(({ go }) => go),
        rate,
      )
      expect(asks(gone)).toBeLessThan(2.1)
      expect(Math.max(...gone.map(({ asked }) => asked))).toBeLessThanOrEqual(6)
      expect(gone.at(-1)?.go).toBeLessThan(101_000)
    },
  )

  test('serves requests first come, first served', async () => {
    const gone = await simulate(many(5_000, 'normal', (index) => index * 5))
    const order = gone.map(({ first }) => first)
    for (const [index, first] of order.entries())
      expect(first).toBeGreaterThanOrEqual((order[index - 300] ?? 0) - 1)
    expect(gone.at(-1)?.go).toBeLessThan(51_000)
  })

  test('lets more urgent requests pass with few extra calls', async () => {
    const gone = await simulate([
      ...many(6_000, 'low', () => 1),
      ...many(2_000, 'high', (index) => 5_000 + index),
      ...many(50, 'critical', (index) => 10_000 + index * 20),
    ])
    expectRate(
      gone.map(({ go }) => go),
      rate,
    )
    expect(Math.max(...delays(gone, 'critical'))).toBeLessThan(2 * PERMIT_AHEAD_MS)
    expect(Math.max(...delays(gone, 'high'))).toBeLessThan(22_500)
    expect(gone.at(-1)?.go).toBeLessThan(83_000)
    expect(asks(gone)).toBeLessThan(4)
  })

  test('hardly delays a steady flow of urgent requests at an exhausted limit', async () => {
    const gone = await simulate([
      ...many(4_000, 'low', () => 1),
      ...many(1_000, 'high', (index) => 2_000 + index * 20),
    ])
    expect(Math.max(...delays(gone, 'high'))).toBeLessThan(PERMIT_AHEAD_MS)
    expect(gone.at(-1)?.go).toBeLessThan(52_000)
    expect(asks(gone)).toBeLessThan(4)
  })

  test('disappears when its permits are due, so later requests do not wait', async () => {
    const gone = await simulate([...many(1_000, 'low', () => 1), ...many(10, 'low', () => 60_000)])
    for (const { first, go, asked } of gone.slice(-10)) expect([go - first, asked]).toEqual([0, 1])
  })

  test('gives the slots of abandoned requests to other requests', async () => {
    let clock = 1
    const limits = memoryLimits({ now: () => clock })
    await limits.acquire(Array(10_000).fill({ priority: 'normal', limits: [rate] }))
    clock = 3_000
    expect(await limits.acquire([{ priority: 'normal', limits: [rate] }])).toEqual([{ go: 3_000 }])
  })

  test.each(['critical', 'high', 'low'] as const)(
    "at one user's limit does not block the provider for others: %s",
    async (priority) => {
      const provider = { ...rate, burst: 1 }
      const slow = { key: 'acme user', perSecond: 5, burst: 1 }
      const gone = await simulate([
        ...many(200, priority, (index) => 1 + index * 100, [provider, slow]),
        ...many(2_000, 'low', (index) => 10 + index * 12, [provider]),
      ])
      const others = gone.filter(({ limits }) => limits.length === 1)
      expect(Math.max(...others.map(({ go, first }) => go - first))).toBeLessThan(1.1 * PERMIT_AHEAD_MS)
      expect(asks(others)).toBeLessThan(1.1)
      const his = gone.filter(({ limits }) => limits.length === 2).map(({ go }) => go)
      expectRate(his, slow)
      expect(his.at(-1)).toBeLessThan(42_000)
      if (priority !== 'critical')
        expectRate(
          gone.map(({ go }) => go),
          provider,
        )
    },
  )

  test('respects each of many limits', async () => {
    const limits = [1, 5, 20, 50, 100].map((perSecond, index) => ({
      key: `limit ${index}`,
      perSecond,
      burst: 1 + (index % 3) * 4,
    }))
    const gone = await simulate(
      Array.from({ length: 3_000 }, (_, index) => ({
        priority: (['high', 'normal', 'low'] as const)[index % 3] ?? 'low',
        at: (index * 7_919) % 40_000,
        limits: limits.filter((_, nth) => ((index * 31) % 97) % (nth < 2 ? 11 : 2 + nth) === nth % 2),
      })),
      100,
    )
    for (const limit of limits) {
      const his = gone.filter((each) => each.limits.includes(limit)).map(({ go }) => go)
      expect(his.length).toBeGreaterThan(100)
      expectRate(his, limit)
    }
    expect(asks(gone)).toBeLessThan(3)
  })

  test('respects both of two limits, with about two calls per request', async () => {
    const tenant = { key: 'acme', perSecond: 80, burst: 1 }
    const gone = await simulate(
      many(4_000, 'normal', () => 1, [{ ...rate, burst: 1 }, tenant]),
      60,
    )
    expectRate(
      gone.map(({ go }) => go),
      tenant,
    )
    expect(gone.at(-1)?.go).toBeLessThan(51_000)
    expect(asks(gone)).toBeLessThan(2.1)
  })

  test('limits the number of keys', async () => {
    const limits = memoryLimits({ now: () => 1 })
    const slow = (key: string) => ({
      priority: 'normal' as const,
      limits: [{ key, perSecond: 0.001, burst: 1 }],
    })
    const first = await limits.acquire([slow('first'), slow('first')])
    expect(first).toEqual([{ go: 1 }, { wait: expect.any(Number) }])
    await limits.acquire(Array.from({ length: 100_000 }, (_, index) => slow(String(index))))
    expect(await limits.acquire([slow('first')])).toEqual([{ go: 1 }])
  })
})
