import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UnavailableError } from '../errors.ts'
import { connectRedis } from '../redis/connection.ts'
import { redisMissing, redisServer, startRedis } from '../redis/testing/server.ts'
import { expectRate, limitsContract, split } from './contract/limits.ts'
import type { Limits, PermitRequest } from './port.ts'
import { redisLimits } from './redis.ts'

const quiet = () => {}

describe.skipIf(!redisServer)(`over Redis${redisMissing}`, () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let connections: Redis[] = []
  let processes: Limits[] = []
  const outages: Error[] = []
  beforeAll(async () => {
    server = await startRedis()
    connections = await Promise.all([1, 2].map(() => connectRedis(server.url, quiet)))
    processes = connections.map((redis) =>
      redisLimits({ redis, namespace: 'test', onError: (error) => outages.push(error) }),
    )
  })
  afterAll(async () => {
    for (const redis of connections) redis.disconnect()
    await server.close()
  })
  const [one, other] = [() => processes[0] ?? expect.fail(), () => processes[1] ?? expect.fail()]

  let calls = 0
  limitsContract('two processes on one Redis', () => (calls++ % 2 ? one() : other()))

  const request = (perSecond: number): PermitRequest => ({
    priority: 'normal',
    limits: [{ key: `tenant-${randomUUID()}`, perSecond, burst: 1 }],
  })

  test('installations on one Redis do not share limits', async () => {
    const [redis = expect.fail()] = connections
    const others = redisLimits({ redis, namespace: 'others' })
    const key = randomUUID()
    const once = { points: 1, seconds: 60 }
    expect(await one().allow(key, once)).toBe(0)
    expect(await others.allow(key, once)).toBe(0)
    expect(await other().allow(key, once)).toBeGreaterThan(0)
    const asked = Array<PermitRequest>(20).fill(request(10))
    await one().acquire(asked)
    const [first] = split(await others.acquire(asked.slice(0, 1))).go
    expect(first).toBeLessThanOrEqual(Date.now() + 2)
  })

  test('a new limit can be used while other commands are pending', async () => {
    const redis = await connectRedis(server.url, quiet)
    const limits = redisLimits({ redis, namespace: 'test', onError: (error) => expect.fail(error.message) })
    const waiting = redis.get('nothing')
    expect(await limits.allow(randomUUID(), { points: 1, seconds: 60 })).toBe(0)
    expect(await waiting).toBeNull()
    redis.disconnect()
  })

  test('thousands of requests keep their order across several scripts', async () => {
    const requests = Array<PermitRequest>(3_000).fill(request(5_000))
    const { go, wait } = split(await one().acquire(requests))
    expect([go.length, wait.length]).toEqual([3_000, 0])
    expect(go).toEqual(go.toSorted((a, b) => a - b))
    expectRate(go, requests[0]?.limits[0] ?? expect.fail())
  })

  test('keys expire', async () => {
    const [redis = expect.fail()] = connections
    const asked = request(10)
    await one().acquire(Array<PermitRequest>(50).fill(asked))
    const key = `carillon:test:rate:${asked.limits[0]?.key}`
    const left = await redis.pttl(key)
    expect(left).toBeGreaterThan(4_000)
    expect(left).toBeLessThanOrEqual(5_001)
    await one().allow('attempts', { points: 5, seconds: 9 })
    expect(await redis.pttl('carillon:test:allow:5/9:attempts')).toBeLessThanOrEqual(9_000)
  })

  test('without Redis, each process limits independently and reports it once', async () => {
    await server.stop()
    const asked = Array<PermitRequest>(100).fill(request(100))
    const once = { points: 1, seconds: 60 }
    const key = randomUUID()
    for (const limits of [one(), other()]) {
      const { go, wait } = split(await limits.acquire(asked))
      expectRate(go, asked[0]?.limits[0] ?? expect.fail())
      expect([go.length, wait.length]).toEqual([86, 14])
      expect(await limits.allow(key, once)).toBe(0)
      expect(await limits.allow(key, once)).toBeGreaterThan(0)
    }
    expect(outages).toHaveLength(2)
    for (const error of outages) expect(error).toBeInstanceOf(UnavailableError)
    expect(JSON.stringify(outages.map((error) => [{ ...error }, error.cause]))).not.toContain(key)

    await server.start()
    const shared = randomUUID()
    await expect
      .poll(
        async () => {
          for (const redis of connections) await redis.ping().catch(quiet)
          return connections.map(({ status }) => status)
        },
        { timeout: 10_000 },
      )
      .toEqual(['ready', 'ready'])
    expect(await one().allow(shared, once)).toBe(0)
    expect(await other().allow(shared, once)).toBeGreaterThan(0)
    expect(outages).toHaveLength(2)
  })
})
