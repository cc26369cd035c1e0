import { randomUUID } from 'node:crypto'
import { UnavailableError } from '@carillon/core/errors'
import type { Limit } from '@carillon/core/limits/port'
import { connectRedis } from '@carillon/core/redis/connection'
import { redisMissing, redisServer, startRedis } from '@carillon/core/redis/testing/server'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRequestLimits, type RequestLimits } from './requests.ts'
import { redisShare } from './shared-usage.ts'

/** Long enough for a busy machine. */
const SOON = { timeout: 15_000 }

const opened: RequestLimits[] = []
afterEach(() => {
  for (const limits of opened.splice(0)) limits.close()
})
const open = (...options: Parameters<typeof createRequestLimits>) => {
  const limits = createRequestLimits(...options)
  opened.push(limits)
  return limits
}
const limit = (perSecond: number, burst: number, key: string = randomUUID()): Limit => ({
  key,
  perSecond,
  burst,
})

/** Returns how many of `tries` requests are allowed. */
const passing = (limits: RequestLimits, asked: Limit, tries: number) =>
  Array.from({ length: tries }, () => limits.take([asked])).filter(({ waitMs }) => waitMs === 0).length

describe('in one process', () => {
  test('allows a burst, then the rate', () => {
    let clock = 0
    const limits = open({ now: () => clock })
    const asked = limit(10, 5)
    expect(passing(limits, asked, 20)).toBe(5)
    expect(limits.take([asked])).toMatchObject({ remaining: 0, waitMs: 100 })
    clock = 100
    expect(passing(limits, asked, 20)).toBe(1)
    clock = 350
    expect(passing(limits, asked, 20)).toBe(2)
    clock = 10_000
    expect(passing(limits, asked, 20)).toBe(5)
  })

  test('returns the remaining quota, and when the limit is unused again', () => {
    let clock = 0
    const limits = open({ now: () => clock })
    const asked = limit(2, 4)
    expect(limits.take([asked])).toEqual({ limit: asked, remaining: 3, resetMs: 500, waitMs: 0 })
    expect(limits.take([asked])).toMatchObject({ remaining: 2, resetMs: 1_000 })
    clock = 500
    expect(limits.take([asked])).toMatchObject({ remaining: 2, resetMs: 1_000 })
  })

  test('counts against all limits or none, and names the one that rejects or has the least left', () => {
    const limits = open({ now: () => 0 })
    const [narrow, wide] = [limit(1, 2), limit(1, 9)]
    expect(limits.take([wide, narrow])).toMatchObject({ limit: narrow, remaining: 1 })
    expect(limits.take([wide, narrow])).toMatchObject({ limit: narrow, remaining: 0 })
    for (let n = 0; n < 5; n++)
      expect(limits.take([wide, narrow])).toMatchObject({ limit: narrow, waitMs: 1_000 })
    expect(limits.take([wide])).toMatchObject({ limit: wide, remaining: 6 })
  })

  test('allows exactly the burst at any rate', () => {
    for (const perSecond of [0.3, 3, 7, 1_000 / 7, 9_999])
      for (const burst of [1, 3, 100])
        expect(passing(open({ now: () => 12.34 }), limit(perSecond, burst), 200)).toBe(burst)
  })

  test('forgets the least recently used keys, so memory is bounded', () => {
    const limits = open({ now: () => 0 })
    const first = limit(1, 1, 'first')
    expect(passing(limits, first, 2)).toBe(1)
    for (let n = 0; n < 100_000; n++) limits.take([limit(1, 1, String(n))])
    expect(passing(limits, first, 2)).toBe(1)
  })
})

describe('sharing', () => {
  test('falls back to limits per process while the shared part is unreachable, and reports it once', async () => {
    const errors: unknown[] = []
    let calls = 0
    const limits = open({
      share: async () => {
        calls++
        throw new UnavailableError('live', new Error('down'))
      },
      onError: (error) => errors.push(error),
      now: () => 0,
    })
    const asked = limit(1, 3)
    expect(passing(limits, asked, 2)).toBe(2)
    await expect.poll(() => calls, SOON).toBe(1)
    expect(passing(limits, asked, 5)).toBe(1)
    await expect.poll(() => calls, SOON).toBe(2)
    expect(errors).toHaveLength(1)
  })

  test('adds usage during a response on top of it', async () => {
    let answer = (_: number[]) => {}
    const limits = open({
      share: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
      now: () => 0,
    })
    const asked = limit(1, 10)
    expect(passing(limits, asked, 4)).toBe(4)
    const none = answer
    await expect.poll(() => answer !== none, SOON).toBe(true)
    expect(passing(limits, asked, 2)).toBe(2)
    // Others used three.
    answer([7_000])
    await expect.poll(() => limits.take([asked]).remaining, SOON).toBe(0)
  })

  describe.skipIf(!redisServer)(`over Redis${redisMissing}`, () => {
    let server: Awaited<ReturnType<typeof startRedis>>
    let connections: Redis[] = []
    beforeAll(async () => {
      server = await startRedis()
      connections = await Promise.all([1, 2].map(() => connectRedis(server.url, () => {})))
    })
    afterAll(async () => {
      for (const redis of connections) redis.disconnect()
      await server.close()
    })
    const two = () => connections.map((redis) => open({ share: redisShare({ redis, namespace: 'test' }) }))

    test('enforces one limit in two processes', async () => {
      const [one, other] = two()
      // So slow that nothing is refilled meanwhile.
      const asked = limit(0.001, 20)
      other!.take([asked])
      expect(passing(one!, asked, 15)).toBe(15)
      // A process learns the usage of others when it shares its own.
      await expect.poll(() => other!.take([asked]).waitMs, { ...SOON, interval: 150 }).toBeGreaterThan(0)
      await expect.poll(() => one!.take([asked]).waitMs, { ...SOON, interval: 150 }).toBeGreaterThan(0)
    })

    test('shares a thousand keys at once, and lets them expire', async () => {
      const [one] = two()
      const keys = Array.from({ length: 1_000 }, () => limit(0.5, 10))
      for (const asked of keys) one!.take([asked])
      const [redis] = connections
      const count = async () => (await redis!.keys('carillon:test:requests:*')).length
      await expect.poll(count, SOON).toBeGreaterThanOrEqual(1)
      await expect.poll(count, SOON).toBeLessThanOrEqual(1)
    })
  })
})
