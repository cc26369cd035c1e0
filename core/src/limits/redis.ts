import type { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { unavailable } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import { refusals } from './fixed-window.ts'
import { IDLE_MS, LEAD_MS, paceOf, QUEUES, REACH_MS, rankOf } from './gcra.ts'
import { memoryLimits } from './memory.ts'
import type { Granted, Limits, Turn } from './port.ts'

/** Redis does nothing else while a script runs: a few milliseconds for this many. */
const TURNS_PER_SCRIPT = 200

/**
 * `decide` of gcra.ts for many turns, in order, on the clock of Redis. An account is a key: its arrival time and
 * queues as one MessagePack list, kept until the last of them has passed.
 *
 * KEYS: accounts. ARGV: how long a limit may stand idle, how many queues there are; then for each turn its rank,
 * whether it has waited, its reach, and the number of its limits; then for each of these the number of its key, its
 * interval and its tolerance. Answers with the time in microseconds; then for each turn 1 and how many microseconds
 * later it may go, or 0 and how many later its place in the queues is.
 */
const TURNS = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local idle, queues = now + ARGV[1], tonumber(ARGV[2])
local accounts, changed = {}, {}
for i, stored in ipairs(#KEYS > 0 and redis.call('MGET', unpack(KEYS)) or {}) do
  if stored then accounts[i] = cmsgpack.unpack(stored)
  else
    accounts[i] = {}
    for field = 1, queues + 1 do accounts[i][field] = 0 end
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
  local slot, place, lanes = now, now, {}
  for n = 1, count do
    local index, interval, tolerance = take(), take(), take()
    local account = accounts[index]
    local room = account[1] - tolerance
    local own = room
    for queue = 1, rank do own = math.max(own, account[queue + 1]) end
    slot, place = math.max(slot, room), math.max(place, own)
    lanes[n] = {index, interval, own, idle + tolerance}
  end
  for _, lane in ipairs(lanes) do
    local arrival = accounts[lane[1]][1]
    if rank > 0 and arrival > now and arrival < slot and slot > lane[4] then reach = idle end
  end
  local go = slot <= now or (waited and slot or place) <= reach
  for _, lane in ipairs(lanes) do
    local index, interval, own, latest = unpack(lane)
    local account = accounts[index]
    if go then
      account[1] = math.max(account[1], rank == 0 and math.min(slot, latest) or slot) + interval
      changed[index] = true
    elseif own > reach then
      account[rank + 1] = own + interval
      changed[index] = true
    end
  end
  answers[#answers + 1] = go and 1 or 0
  answers[#answers + 1] = math.ceil(((go and slot or place) - now) * 1000)
end
for index in pairs(changed) do
  local account = accounts[index]
  local left = math.max(1, math.ceil(math.max(unpack(account)) - now))
  redis.call('SET', KEYS[index], cmsgpack.pack(account), 'PX', left)
end
return answers`

type WithScript = Redis & {
  carillonTurns(keys: number, ...keysAndArguments: (string | number)[]): Promise<number[]>
}

/**
 * Limits over Redis ≥ 7, shared by all processes of the installation. `redis` comes from `connectRedis` and stays the caller's to
 * close. While it is out of reach this process limits by itself, and `onError` hears of it once per outage.
 */
export const redisLimits = (parts: {
  redis: Redis
  namespace: string
  onError?: (error: Error) => void
}): Limits => {
  const { redis, onError } = parts
  const { key: keyOf } = redisNames(parts.namespace)
  redis.defineCommand('carillonTurns', { lua: TURNS })
  const alone = memoryLimits()
  const allow = refusals(
    ({ points, duration }) =>
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: keyOf(`allow:${points}/${duration}`),
        points,
        duration,
      }),
  )

  let outage = false
  const shared = async <Answer>(together: () => Promise<Answer>, instead: () => Promise<Answer>) => {
    try {
      const answer = await together()
      outage = false
      return answer
    } catch (error) {
      if (!outage) onError?.(unavailable(error))
      outage = true
      return await instead()
    }
  }

  const ask = async ({ keys, args }: ReturnType<typeof asked>): Promise<Granted[]> => {
    const sent = Date.now()
    const answers = await (redis as WithScript).carillonTurns(keys.length, ...keys, ...args)
    return granted(answers, sent, Date.now())
  }

  return {
    turns: async (turns) => {
      const chunks: Promise<Granted[]>[] = []
      for (let from = 0; from < turns.length; from += TURNS_PER_SCRIPT) {
        const some = turns.slice(from, from + TURNS_PER_SCRIPT)
        const request = asked(some, keyOf)
        chunks.push(
          shared(
            () => ask(request),
            () => alone.turns(some),
          ),
        )
      }
      return (await Promise.all(chunks)).flat()
    },
    allow: (key, limit) =>
      shared(
        () => allow(key, limit),
        () => alone.allow(key, limit),
      ),
  }
}

/** Turns as the script reads them. */
const asked = (turns: readonly Turn[], keyOf: (name: string) => string) => {
  const numbers = new Map<string, number>()
  const args: number[] = [IDLE_MS, QUEUES]
  for (const turn of turns) {
    args.push(rankOf(turn), turn.waited ? 1 : 0, REACH_MS[turn.priority], turn.limits.length)
    for (const { key, interval, tolerance } of turn.limits.map(paceOf)) {
      const number = numbers.get(key) ?? numbers.size + 1
      numbers.set(key, number)
      args.push(number, interval, tolerance)
    }
  }
  return { keys: Array.from(numbers.keys(), (key) => keyOf(`turn:${key}`)), args }
}

/**
 * What the script says, in epoch ms of this process: where its clock and that of Redis differ by more than the time
 * the answer took, the difference is taken out.
 */
const granted = ([clock = 0, ...answers]: number[], sent: number, received: number): Granted[] => {
  const now = Math.min(Math.max(clock / 1_000, sent), received + 1)
  return Array.from({ length: answers.length / 2 }, (_, index) => {
    const at = now + (answers[2 * index + 1] ?? 0) / 1_000
    return answers[2 * index] === 1 ? { go: Math.ceil(at) } : { wait: Math.ceil(at - LEAD_MS) }
  })
}
