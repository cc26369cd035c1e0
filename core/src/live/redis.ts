import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Subscriptions, unavailable } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import { GRACE_MS, type Live, type LiveMessage, type Presence } from './port.ts'
import { userRoom } from './room.ts'

const LOSS_RETRY_MS = 250
/** A user without messages for this long starts again at 1, which their clients take for a gap. */
const SEQ_SECONDS = 24 * 3_600
/** Redis does nothing else while a script runs: about a millisecond for this many messages or users. */
const PER_SCRIPT = 250

/**
 * Presence, numbering and publication of many messages in one round trip, and in one order for all processes: two
 * dispatchers cannot number a user's messages one way and send them the other.
 *
 * KEYS: the epoch, then a sequence per message. ARGV: an epoch to begin if there is none (a Redis that lost its data
 * has none), the seconds a sequence is kept, then for each message its channel and the text before the sequence,
 * and after the epoch. Answers 1 for each message that a hub was subscribed to.
 */
const DELIVER = `
local epoch = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET') or ARGV[1]
local held = {}
for i = 2, #KEYS do
  local channel, head, tail = ARGV[3 * i - 3], ARGV[3 * i - 2], ARGV[3 * i - 1]
  held[i - 1] = 0
  if redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2] > 0 then
    local seq = redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[2])
    redis.call('SPUBLISH', channel, head .. seq .. ',"epoch":"' .. epoch .. tail)
    held[i - 1] = 1
  end
end
return held`

/**
 * KEYS: one per user, there for a while after they left. ARGV: the channel of each. Answers an index into PRESENCES
 * for each.
 */
const PRESENCE = `
local found = {}
for i, key in ipairs(KEYS) do
  if redis.call('PUBSUB', 'SHARDNUMSUB', ARGV[i])[2] > 0 then found[i] = 0
  else found[i] = 2 - redis.call('EXISTS', key) end
end
return found`

const PRESENCES: readonly Presence[] = ['here', 'left', 'away']

type Script = (keys: number, ...keysAndArguments: (string | number)[]) => Promise<number[]>
type WithScripts = Redis & { carillonDeliver: Script; carillonPresence: Script }

/**
 * A message as the sharded adapter of Socket.IO publishes it (@socket.io/redis-adapter 8, socket.io-adapter 2.5:
 * a ClusterMessage of type BROADCAST), cut where the script puts sequence and epoch. Written here rather than by
 * `io.to(room).emit`, which costs a round trip more and numbers in one step what it publishes in another.
 */
const wireMessage = (room: string, channel: string, { event, payload }: LiveMessage) => {
  const json = JSON.stringify(payload)
  return {
    channel,
    head: `{"type":3,"data":{"packet":{"type":2,"data":["${event}",${json.slice(0, -1)},"seq":`,
    tail: `"}],"nsp":"/"},"opts":{"rooms":["${room}"],"except":[],"flags":{}}},"uid":"carillon","nsp":"/"}`,
  }
}

/**
 * Live of one installation over Redis ≥ 7, for hubs made by `clusterServer`. `redis` comes from `connectRedis`. A hub gives its
 * `subscriptions` too; a process that holds no connections leaves them out, and never hears of a loss.
 * `close` ends both connections.
 */
export const redisLive = (parts: {
  redis: Redis
  namespace: string
  subscriptions?: Subscriptions
}): Live => {
  const { redis, subscriptions } = parts
  const { key, channelOf } = redisNames(parts.namespace)
  const epochKey = key('epoch')
  /** Hubs listen here for processes whose messages could not be published: their clients have to fetch again. */
  const lossChannel = key('loss')
  const seqKey = (room: string) => key(`seq:${room}`)
  const leftKey = (room: string) => key(`left:${room}`)
  redis.defineCommand('carillonDeliver', { lua: DELIVER })
  redis.defineCommand('carillonPresence', { lua: PRESENCE })

  const deliverChunk = (messages: readonly LiveMessage[]) => {
    const keys = [epochKey]
    const args: (string | number)[] = [randomUUID(), SEQ_SECONDS]
    for (const message of messages) {
      const room = userRoom(message.tenant, message.user)
      const { channel, head, tail } = wireMessage(room, channelOf(room), message)
      keys.push(seqKey(room))
      args.push(channel, head, tail)
    }
    return (redis as WithScripts).carillonDeliver(keys.length, ...keys, ...args)
  }

  const presenceChunk = (users: readonly { tenant: string; user: string }[]) => {
    const rooms = users.map(({ tenant, user }) => userRoom(tenant, user))
    const args = [...rooms.map(leftKey), ...rooms.map(channelOf)]
    return (redis as WithScripts).carillonPresence(rooms.length, ...args)
  }

  let telling: NodeJS.Timeout | undefined
  /** What was lost leaves no gap in any sequence. So, as soon as Redis can be reached, everybody is told. */
  const tellOfLoss = () => {
    telling ??= setTimeout(async () => {
      try {
        await redis.spublish(lossChannel, '')
        telling = undefined
      } catch {
        telling?.refresh()
      }
    }, LOSS_RETRY_MS)
    telling.unref()
  }
  const lossListeners: (() => void)[] = []
  const lose = () => {
    for (const listener of lossListeners) listener()
  }
  subscriptions?.onLoss(lose)
  subscriptions?.add(lossChannel, lose)

  const newEpoch = async () => {
    const epoch = randomUUID()
    return (await redis.set(epochKey, epoch, 'NX', 'GET')) ?? epoch
  }

  return {
    deliver: async (messages) => {
      const delivering = inChunks(messages, deliverChunk)
      try {
        return (await delivering).map((held) => held === 1)
      } catch (error) {
        tellOfLoss()
        throw unavailable(error)
      }
    },
    presence: async (users) => {
      try {
        return (await inChunks(users, presenceChunk)).map((index) => PRESENCES[index] ?? 'away')
      } catch (error) {
        throw unavailable(error)
      }
    },
    left: (tenant, user) => {
      // Without it they are away at once; a Redis that is out of reach says so where it matters.
      redis.set(leftKey(userRoom(tenant, user)), '', 'PX', GRACE_MS).catch(() => {})
    },
    position: async (tenant, user) => {
      try {
        const [epoch, seq] = await redis.mget(epochKey, seqKey(userRoom(tenant, user)))
        return { epoch: epoch ?? (await newEpoch()), seq: Number(seq ?? 0) }
      } catch (error) {
        throw unavailable(error)
      }
    },
    onLoss: (listener) => {
      lossListeners.push(listener)
    },
    check: async () => {
      try {
        await Promise.all([redis.ping(), subscriptions?.check()])
      } catch (error) {
        throw unavailable(error)
      }
    },
    close: async () => {
      clearTimeout(telling)
      telling = undefined
      subscriptions?.close()
      redis.disconnect()
    },
  }
}

/** All chunks are under way at once, in order. */
const inChunks = <Item>(
  items: readonly Item[],
  run: (chunk: readonly Item[]) => Promise<number[]>,
): Promise<number[]> => {
  const chunks: Promise<number[]>[] = []
  for (let from = 0; from < items.length; from += PER_SCRIPT)
    chunks.push(run(items.slice(from, from + PER_SCRIPT)))
  return Promise.all(chunks).then((answers) => answers.flat())
}
