import { afterEach, expect, inject, test, vi } from 'vitest'
import { cassandraClock } from '../cassandra/clock.ts'
import { connectCassandra } from '../cassandra/connection.ts'
import { redisClock } from '../redis/clock.ts'
import { connectRedis } from '../redis/connection.ts'
import { redisMissing, redisServer, startRedis } from '../redis/testing/server.ts'
import { clockOffset, watchClockOffset } from './clock-offset.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const away = (ms: number) => async () => Date.now() - ms

test('uses the sample with the shortest round trip', async () => {
  let elapsed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed)
  const trips = [400, 20, 300]
  const clock = async () => {
    const took = trips.shift() ?? 1_000
    elapsed += took
    return Date.now() - 3_000 + took / 2
  }
  vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
  expect(await clockOffset(clock, 3)).toBe(3_000)
})

test('exports the offset, and logs a clock beyond the tolerance', async () => {
  const metrics = createMetrics()
  const log = createLog({ level: 'silent', role: 'test' })
  const warn = vi.spyOn(log, 'warn')
  const watch = (clock: () => Promise<number>) =>
    watchClockOffset({ clock, toleranceMs: 1_250, metrics, log })
  for (const [ms, warnings] of [
    [1_000, 0],
    [-1_500, 1],
    [4_000, 2],
  ] as const) {
    const { first, stop } = watch(away(ms))
    await first
    stop()
    const exported = (await metrics.clockOffset.get()).values[0]?.value ?? 0
    expect(exported).toBeCloseTo(ms / 1_000, 1)
    expect(warn).toHaveBeenCalledTimes(warnings)
  }
  const { first, stop } = watch(async () => {
    throw new Error('away')
  })
  await first
  stop()
  expect((await metrics.clockOffset.get()).values[0]?.value).toBeCloseTo(4, 1)
})

test.skipIf(!redisServer)(`reads the clock of Redis${redisMissing}`, async () => {
  const server = await startRedis()
  const redis = await connectRedis(server.url, () => {})
  expect(Math.abs(await clockOffset(redisClock(redis)))).toBeLessThan(3_600_000)
  redis.disconnect()
  await server.stop()
})

const cassandraUrl = inject('cassandra')
test.skipIf(!cassandraUrl)('reads the clock of Cassandra', async () => {
  const connection = connectCassandra(cassandraUrl ?? '')
  expect(Math.abs(await clockOffset(cassandraClock(connection)))).toBeLessThan(3_600_000)
  await connection.client.shutdown()
})
