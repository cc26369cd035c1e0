import { createHash } from 'node:crypto'
import { unavailable } from '@carillon/core/redis/connection'
import { redisNames } from '@carillon/core/redis/names'
import type { Redis } from 'ioredis'
import type { Share } from './requests.ts'

/**
 * Adds a process's usage to each limit's theoretical arrival time (GCRA), on Redis' clock. A key expires at
 * its arrival time.
 *
 * KEYS: limits. ARGV: for each, the number of uses and the interval in ms. Returns for each the microseconds
 * until its arrival time.
 */
const SHARE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local answers = {}
for i, stored in ipairs(redis.call('MGET', unpack(KEYS))) do
  local arrival = math.max(now, stored and tonumber(stored) or 0) + ARGV[2 * i - 1] * ARGV[2 * i]
  redis.call('SET', KEYS[i], string.format('%.3f', arrival), 'PX', math.max(1, math.ceil(arrival - now)))
  answers[i] = math.ceil((arrival - now) * 1000)
end
return answers`

type WithScript = Redis & {
  carillonShare(keys: number, ...keysAndArguments: (string | number)[]): Promise<number[]>
}

/**
 * Shares request limits among the processes of an installation over Redis ≥ 7. `redis` is a client from
 * `connectRedis`; the caller owns it.
 */
export const redisShare = ({ redis, namespace }: { redis: Redis; namespace: string }): Share => {
  const names = redisNames(namespace)
  // Hashed, because clients choose the content of keys.
  const keyOf = (key: string) => names.key(`requests:${createHash('sha256').update(key).digest('base64url')}`)
  redis.defineCommand('carillonShare', { lua: SHARE })
  return async (used) => {
    const keys = used.map(({ key }) => keyOf(key))
    const args = used.flatMap(({ count, interval }) => [count, interval])
    try {
      const left = await (redis as WithScript).carillonShare(keys.length, ...keys, ...args)
      return left.map((microseconds) => microseconds / 1_000)
    } catch (error) {
      throw unavailable(error)
    }
  }
}
