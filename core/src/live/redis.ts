import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Subscriptions, unavailable } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import { GRACE_MS, type Live, type LiveMessage, type Presence } from './port.ts'
import { userRoom } from './room.ts'

const LOSS_RETRY_MS = 250
/** The sequence of a user restarts at 1 after this long without messages, which clients see as a gap. */
const SEQ_SECONDS = 24 * 3_600
/** Messages or users per script. Bounds the time that it blocks Redis to about a millisecond. */
const PER_SCRIPT = 250

/**
 * Checks presence, numbers and publishes many messages in one round trip. All processes share the order, so two dispatchers
 * cannot number a user's messages in one order and publish them in another.
 *
 * KEYS: the epoch, then a sequence per message. ARGV: a new epoch, used if there is none (after Redis lost its data); the
 * TTL of a sequence in seconds; then for each message its channel, the text before the sequence, and the text after the
 * epoch. Returns 1 for each message whose channel had a subscriber.
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

/** KEYS: for each user, the key that exists during the grace period. ARGV: their channels. Returns indexes of PRESENCES. */
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
 * Encodes a message as Socket.IO's sharded adapter does (@socket.io/redis-adapter 8, socket.io-adapter 2.5: a
 * ClusterMessage of type BROADCAST), split where the script inserts sequence and epoch. `io.to(room).emit` would cost one
 * more round trip, and number and publish in two steps.
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
 * Live delivery of an installation over Redis ≥ 7, to hubs created by `clusterServer`. `redis` is a client
 * from `connectRedis`. Only hubs pass their `subscriptions`; without them, loss listeners are never called.
 * `close` closes both connections.
 */
export const redisLive = (parts: {
  redis: Redis
  namespace: string
  subscriptions?: Subscriptions
}): Live => {
  const { redis, subscriptions } = parts
  const { key, channelOf } = redisNames(parts.namespace)
  const epochKey = key('epoch')
  /** Processes that could not publish messages notify the hubs on this channel, so that their clients refetch. */
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

  let announcing: NodeJS.Timeout | undefined
  /** Lost messages leave no gap in the sequences, so all clients have to refetch as soon as Redis responds. */
  const announceLoss = () => {
    announcing ??= setTimeout(async () => {
      try {
        await redis.spublish(lossChannel, '')
        announcing = undefined
      } catch {
        announcing?.refresh()
      }
    }, LOSS_RETRY_MS)
    announcing.unref()
  }
  const lossListeners: (() => void)[] = []
  const notifyLoss = () => {
    for (const listener of lossListeners) listener()
  }
  subscriptions?.onLoss(notifyLoss)
  subscriptions?.add(lossChannel, notifyLoss)

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
        announceLoss()
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
      // Best effort. Calls that need Redis report the outage.
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
      clearTimeout(announcing)
      announcing = undefined
      subscriptions?.close()
      redis.disconnect()
    },
  }
}

/** Runs all chunks concurrently and returns their answers in order. */
const inChunks = <Item>(
  items: readonly Item[],
  run: (chunk: readonly Item[]) => Promise<number[]>,
): Promise<number[]> => {
  const chunks: Promise<number[]>[] = []
  for (let from = 0; from < items.length; from += PER_SCRIPT)
    chunks.push(run(items.slice(from, from + PER_SCRIPT)))
  return Promise.all(chunks).then((answers) => answers.flat())
}
