import type { Redis } from 'ioredis'
import type { SharedClock } from '../telemetry/clock-offset.ts'

/** Returns the clock of the Redis server, read with its TIME command. */
export const redisClock =
  (redis: Pick<Redis, 'time'>): SharedClock =>
  async () => {
    const [seconds, micros] = await redis.time()
    return Number(seconds) * 1_000 + Number(micros) / 1_000
  }
