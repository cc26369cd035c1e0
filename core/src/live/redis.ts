import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Subscriptions, unavailable } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import { AFTER_ROOM, BEFORE_EVENT, BEFORE_ROOM } from './cluster-message.ts'
import { destinationsOf, type Other } from './destinations.ts'
import { ownText, payloadTexts } from './event-text.ts'
import { GRACE_MS, type Live, type LiveMessage, type Presence, type Viewers } from './port.ts'
import { IDLE, roomsOf, streamRooms, userRooms } from './room.ts'

const LOSS_RETRY_MS = 250
/** The sequence of a stream restarts at 1 after this long without messages, which clients see as a gap. */
const SEQ_SECONDS = 24 * 3_600
/** Messages or users per script. Bounds the time that it blocks Redis to about a millisecond. */
const PER_SCRIPT = 250

/**
 * Checks presence, numbers and publishes many messages in one round trip. All processes share the order, so two dispatchers
 * cannot number the messages of a stream in one order and publish them in another.
 *
 * KEYS: the epoch. ARGV: a new epoch, used if there is none (after Redis lost its data); the TTL of a sequence in seconds; the
 * prefixes of channels and of sequences; then for each message the room of the whole inbox or '', another room or '', what
 * to send to the other room (`?` nothing; `-` the message without payload and position; `-}` the same with a payload; else
 * the JSON text that names the stream), and the arguments of the event, without the `}` of the payload. The script builds
 * the names of sequences and channels, because two rooms are shorter than two keys and four channels: idle connections are
 * in rooms of their own. A message without position is counted as well, for long polls. Returns for each message 1 if the
 * first room had a subscriber, plus 2 if the other had, plus 4 if one of them was active.
 */
const DELIVER = `
local epoch = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET') or ARGV[1]
local channels, sequences = ARGV[3], ARGV[4]
local function publish(room, text, active, idle)
  if active > 0 then
    redis.call('SPUBLISH', channels .. room .. '#', text .. '${BEFORE_ROOM}' .. room .. '${AFTER_ROOM}')
  end
  if idle > 0 then
    local own = '${IDLE}' .. room
    redis.call('SPUBLISH', channels .. own .. '#', text .. '${BEFORE_ROOM}' .. own .. '${AFTER_ROOM}')
  end
end
local function number(room)
  local seq = redis.call('INCR', sequences .. room)
  redis.call('EXPIRE', sequences .. room, ARGV[2])
  return seq
end
local function numbered(room, text, stream)
  return text .. ',"seq":' .. number(room) .. ',"epoch":"' .. epoch .. '"' .. stream .. '}'
end
local found = {}
for i = 5, #ARGV, 4 do
  local whole, other, what, text = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local held = redis.call('PUBSUB', 'SHARDNUMSUB',
    channels .. whole .. '#', channels .. '${IDLE}' .. whole .. '#',
    channels .. other .. '#', channels .. '${IDLE}' .. other .. '#')
  local reached = 0
  if held[2] + held[4] > 0 then
    publish(whole, numbered(whole, text, ''), held[2], held[4])
    reached = 1
  end
  if held[6] + held[8] > 0 then
    if what == '-' or what == '-}' then
      number(other)
      publish(other, what == '-' and text or text .. '}', held[6], held[8])
    elseif what ~= '?' then publish(other, numbered(other, text, what), held[6], held[8]) end
    reached = reached + 2
  end
  if held[2] + held[6] > 0 then reached = reached + 4 end
  found[#found + 1] = reached
end
return found`

/**
 * KEYS: for each user, the keys that exist during the grace periods of the whole inbox and of the context. ARGV: their
 * channels. Returns indexes of PRESENCES.
 */
const PRESENCE = `
local found = {}
for i = 1, #KEYS, 2 do
  local function held(j) return redis.call('PUBSUB', 'SHARDNUMSUB', ARGV[j])[2] > 0 end
  if held(i) or held(i + 1) then found[#found + 1] = 0
  elseif redis.call('EXISTS', KEYS[i], KEYS[i + 1]) > 0 then found[#found + 1] = 1
  else found[#found + 1] = 2 end
end
return found`

const PRESENCES: readonly Presence[] = ['here', 'left', 'away']

type Script = (keys: number, ...keysAndArguments: (string | number)[]) => Promise<number[]>
type WithScripts = Redis & { carillonDeliver: Script; carillonPresence: Script }

/** Returns what DELIVER sends to the other room of a message. */
const whatOf = (other: Other | undefined, hasPayload: boolean): string => {
  if (!other || other.as === 'asked') return '?'
  if (other.as === 'plain') return hasPayload ? '-}' : '-'
  return `,"stream":${JSON.stringify(other.as.stream)}`
}

/**
 * Encodes a message as Socket.IO's sharded adapter does, up to where the script inserts the position. `io.to(room).emit` would
 * cost one more round trip, and number and publish in two steps.
 */
const argumentsOf = (message: LiveMessage, payloadText: (message: LiveMessage) => string): string[] => {
  const { whole = '', other } = destinationsOf(message)
  const text = `${BEFORE_EVENT}${ownText(message)}${payloadText(message)}`
  return [whole, other?.room ?? '', whatOf(other, message.payload !== undefined), text]
}

/**
 * Lost messages leave no gap in the sequences. A process that could not publish some tells the hubs on this channel as soon as
 * Redis responds, so that all clients refetch.
 */
const createLoss = (redis: Redis, channel: string, subscriptions: Subscriptions | undefined) => {
  const listeners: (() => void)[] = []
  const notify = () => {
    for (const listener of listeners) listener()
  }
  subscriptions?.onLoss(notify)
  subscriptions?.add(channel, notify)
  let announcing: NodeJS.Timeout | undefined

  return {
    announce: () => {
      announcing ??= setTimeout(async () => {
        try {
          await redis.spublish(channel, '')
          announcing = undefined
        } catch {
          announcing?.refresh()
        }
      }, LOSS_RETRY_MS)
      announcing.unref()
    },
    listen: (listener: () => void) => {
      listeners.push(listener)
    },
    close: () => {
      clearTimeout(announcing)
      announcing = undefined
    },
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
  const { key, channelOf, channelPrefix } = redisNames(parts.namespace)
  const epochKey = key('epoch')
  const seqKey = (room: string) => key(`seq:${room}`)
  const leftKey = (room: string) => key(`left:${room}`)
  redis.defineCommand('carillonDeliver', { lua: DELIVER })
  redis.defineCommand('carillonPresence', { lua: PRESENCE })

  const deliverChunk = (messages: readonly LiveMessage[], payloadText: (message: LiveMessage) => string) =>
    (redis as WithScripts).carillonDeliver(
      1,
      epochKey,
      ...[randomUUID(), SEQ_SECONDS, `${channelPrefix}#/#`, seqKey('')],
      ...messages.flatMap((message) => argumentsOf(message, payloadText)),
    )

  const presenceChunk = (viewers: readonly Viewers[]) => {
    const rooms = viewers.flatMap(({ tenant, user, context = '' }) => {
      const own = userRooms(tenant, user)
      return [own.whole, own.context(context)]
    })
    const args = [...rooms.map(leftKey), ...rooms.map(channelOf)]
    return (redis as WithScripts).carillonPresence(rooms.length, ...args)
  }

  const loss = createLoss(redis, key('loss'), subscriptions)

  const newEpoch = async () => {
    const epoch = randomUUID()
    return (await redis.set(epochKey, epoch, 'NX', 'GET')) ?? epoch
  }

  return {
    deliver: async (messages) => {
      const payloadText = payloadTexts((text) => text)
      const delivering = inChunks(messages, (chunk) => deliverChunk(chunk, payloadText))
      try {
        return (await delivering).map((held) => ({
          whole: (held & 1) > 0,
          other: (held & 2) > 0,
          active: (held & 4) > 0,
        }))
      } catch (error) {
        loss.announce()
        throw unavailable(error)
      }
    },
    presence: async (viewers) => {
      try {
        return (await inChunks(viewers, presenceChunk)).map((index) => PRESENCES[index] ?? 'away')
      } catch (error) {
        throw unavailable(error)
      }
    },
    watch: async ({ active, ...watcher }, onMessage) => {
      if (!subscriptions) throw new Error('only a process with subscriptions can watch')
      const ends = roomsOf(watcher, active).map((room) => subscriptions.watch(channelOf(room), onMessage))
      await subscriptions.settled()
      const numbered = roomsOf(watcher).map(seqKey)
      return {
        position: async () => {
          try {
            const [epoch, ...seqs] = await redis.mget(epochKey, ...numbered)
            return [epoch ?? (await newEpoch()), ...seqs.map((seq) => seq ?? 0)].join('.')
          } catch (error) {
            throw unavailable(error)
          }
        },
        end: () => {
          for (const end of ends) end()
        },
      }
    },
    left: (tenant, user, contexts) => {
      // Best effort. Calls that need Redis report the outage.
      for (const room of streamRooms({ tenant, user, contexts }))
        redis.set(leftKey(room), '', 'PX', GRACE_MS).catch(() => {})
    },
    position: async (tenant, user, context) => {
      const rooms = userRooms(tenant, user)
      const room = context === undefined ? rooms.whole : rooms.context(context)
      try {
        const [epoch, seq] = await redis.mget(epochKey, seqKey(room))
        return { epoch: epoch ?? (await newEpoch()), seq: Number(seq ?? 0) }
      } catch (error) {
        throw unavailable(error)
      }
    },
    onLoss: loss.listen,
    check: async () => {
      try {
        await Promise.all([redis.ping(), subscriptions?.check()])
      } catch (error) {
        throw unavailable(error)
      }
    },
    close: async () => {
      loss.close()
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
