import type { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { unavailable } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import { fixedWindowLimiter } from './fixed-window.ts'
import { IDLE_MS, LEAD_MS, QUEUES, REACH_MS, rankOf, toGcra } from './gcra.ts'
import { memoryLimits } from './memory.ts'
import type { Grant, Limits, PermitRequest } from './port.ts'

/** Bounds the time that a script blocks Redis to a few milliseconds. */
const REQUESTS_PER_SCRIPT = 200

/**
 * Runs `decide` of gcra.ts for many requests, in order, on the clock of Redis. The state of a limit is one key: a MessagePack
 * list of its arrival time and queues. The key expires when the latest of these times has passed.
 *
 * KEYS: states. ARGV: how long a limit may stay idle, the number of queues; then for each request its rank, whether it has
 * waited, its reach and the number of its limits; then for each limit the index of its key, its interval and its
 * tolerance. Returns the time in microseconds; then for each request 1 and the microseconds until its permit, or 0 and
 * the microseconds until its retry slot.
 */
const ACQUIRE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local idle, queues = now + ARGV[1], tonumber(ARGV[2])
local states, changed = {}, {}
for i, stored in ipairs(#KEYS > 0 and redis.call('MGET', unpack(KEYS)) or {}) do
  if stored then states[i] = cmsgpack.unpack(stored)
  else
    states[i] = {}
    for field = 1, queues + 1 do states[i][field] = 0 end
  end
end
local answers = {math.floor(now * 1000)}
local at = 3
local function take()
  at = at + 1
  return tonumber(ARGV[at - 1])
end
while at <= #ARGV do
  local rank, waited, reach, count = take(), take() == 1, now + take(), take()
  local slot, place, limits = now, now, {}
  for n = 1, count do
    local index, interval, tolerance = take(), take(), take()
    local state = states[index]
    local room = state[1] - tolerance
    local own = room
    for queue = 1, rank do own = math.max(own, state[queue + 1]) end
    slot, place = math.max(slot, room), math.max(place, own)
    limits[n] = {index, interval, own, idle + tolerance}
  end
  for _, limit in ipairs(limits) do
    local arrival = states[limit[1]][1]
    if rank > 0 and arrival > now and arrival < slot and slot > limit[4] then reach = idle end
  end
  local go = slot <= now or (waited and slot or place) <= reach
  for _, limit in ipairs(limits) do
    local index, interval, own, latest = unpack(limit)
    local state = states[index]
    if go then
      state[1] = math.max(state[1], rank == 0 and math.min(slot, latest) or slot) + interval
      changed[index] = true
    elseif own > reach then
      state[rank + 1] = own + interval
      changed[index] = true
    end
  end
  answers[#answers + 1] = go and 1 or 0
  answers[#answers + 1] = math.ceil(((go and slot or place) - now) * 1000)
end
for index in pairs(changed) do
  local state = states[index]
  local left = math.max(1, math.ceil(math.max(unpack(state)) - now))
  redis.call('SET', KEYS[index], cmsgpack.pack(state), 'PX', left)
end
return answers`

type WithScript = Redis & {
  carillonAcquire(keys: number, ...keysAndArguments: (string | number)[]): Promise<number[]>
}

/**
 * Creates rate limits over Redis ≥ 7, shared by all processes of the installation. `redis` is a client from
 * `connectRedis`; the caller closes it. While Redis is unavailable, this process limits independently, and
 * `onError` is called once per outage.
 */
export const redisLimits = (parts: {
  redis: Redis
  namespace: string
  onError?: (error: Error) => void
}): Limits => {
  const { redis, onError } = parts
  const { key: keyOf } = redisNames(parts.namespace)
  redis.defineCommand('carillonAcquire', { lua: ACQUIRE })
  const local = memoryLimits()
  const allow = fixedWindowLimiter(
    ({ points, duration }) =>
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: keyOf(`allow:${points}/${duration}`),
        points,
        duration,
      }),
  )

  let outage = false
  const withFallback = async <Answer>(shared: () => Promise<Answer>, fallback: () => Promise<Answer>) => {
    try {
      const answer = await shared()
      outage = false
      return answer
    } catch (error) {
      if (!outage) onError?.(unavailable(error))
      outage = true
      return await fallback()
    }
  }

  const acquire = async ({ keys, args }: ReturnType<typeof encode>): Promise<Grant[]> => {
    const sent = Date.now()
    const answers = await (redis as WithScript).carillonAcquire(keys.length, ...keys, ...args)
    return decode(answers, sent, Date.now())
  }

  return {
    acquire: async (requests) => {
      const chunks: Promise<Grant[]>[] = []
      for (let from = 0; from < requests.length; from += REQUESTS_PER_SCRIPT) {
        const chunk = requests.slice(from, from + REQUESTS_PER_SCRIPT)
        const call = encode(chunk, keyOf)
        chunks.push(
          withFallback(
            () => acquire(call),
            () => local.acquire(chunk),
          ),
        )
      }
      return (await Promise.all(chunks)).flat()
    },
    allow: (key, limit) =>
      withFallback(
        () => allow(key, limit),
        () => local.allow(key, limit),
      ),
  }
}

/** Encodes requests as keys and arguments of the script. */
const encode = (requests: readonly PermitRequest[], keyOf: (name: string) => string) => {
  const numbers = new Map<string, number>()
  const args: number[] = [IDLE_MS, QUEUES]
  for (const request of requests) {
    args.push(rankOf(request), request.waited ? 1 : 0, REACH_MS[request.priority], request.limits.length)
    for (const { key, interval, tolerance } of request.limits.map(toGcra)) {
      const number = numbers.get(key) ?? numbers.size + 1
      numbers.set(key, number)
      args.push(number, interval, tolerance)
    }
  }
  return { keys: Array.from(numbers.keys(), (key) => keyOf(`rate:${key}`)), args }
}

/**
 * Decodes the script's response to epoch ms of this process. If the clocks differ by more than the round trip
 * took, the difference is removed.
 */
const decode = ([clock = 0, ...answers]: number[], sent: number, received: number): Grant[] => {
  const now = Math.min(Math.max(clock / 1_000, sent), received + 1)
  return Array.from({ length: answers.length / 2 }, (_, index) => {
    const at = now + (answers[2 * index + 1] ?? 0) / 1_000
    return answers[2 * index] === 1 ? { go: Math.ceil(at) } : { wait: Math.ceil(at - LEAD_MS) }
  })
}
