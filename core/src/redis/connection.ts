import { Redis, type RedisOptions } from 'ioredis'
import { UnavailableError } from '../errors.ts'

type ErrorListener = (error: Error) => void

/** A command that gets no answer within this time fails; its connection is given up soon after. */
const COMMAND_TIMEOUT_MS = 2_000
const SILENCE_MS = 3_000
/** How often an idle subscriber asks whether its connection is still there. */
const HEARTBEAT_MS = 5_000
const RETRY_MAX_MS = 2_000
/** How many channels one SSUBSCRIBE names. */
const CHANNELS_PER_COMMAND = 500

/**
 * Commands fail at once while Redis is away, instead of queueing without bound or being sent twice; the connection
 * is tried again for ever, with exponential backoff and jitter.
 */
const OPTIONS: RedisOptions = {
  lazyConnect: true,
  connectTimeout: SILENCE_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, RETRY_MAX_MS) * (0.5 + Math.random() / 2),
}

/**
 * What an error of a command means to callers of a port. ioredis hangs the command with all its arguments on its
 * errors; content must not get into logs.
 */
export const unavailable = (error: unknown): UnavailableError =>
  new UnavailableError('live', new Error(error instanceof Error ? error.message : String(error)))

/**
 * Resolves once the client is connected. Rejects with UnavailableError when Redis does not answer; once connected it
 * comes back by itself, and `onError` hears of every failed attempt.
 */
const connected = async (redis: Redis, onError: ErrorListener): Promise<void> => {
  let reason: Error | undefined
  redis.on('error', (error) => {
    reason = error
    onError(error)
  })
  try {
    await redis.connect()
  } catch (error) {
    redis.disconnect()
    throw new UnavailableError('live', reason ?? error)
  }
}

/** A connection for commands, once it is there. Rejects with UnavailableError when Redis does not answer. */
export const connectRedis = async (url: string, onError: ErrorListener): Promise<Redis> => {
  const redis = new Redis(url, { ...OPTIONS, connectionName: 'carillon', enableAutoPipelining: true })
  await connected(redis, onError)
  return redis
}

type MessageListener = (message: Buffer, channel: Buffer) => void

/**
 * The sharded channels this process wants to hear, on a connection of their own. What is wanted is kept here, so an
 * outage of any length costs no queue: when Redis is back, all of it is subscribed to again.
 */
export type Subscriptions = {
  add(channel: string, listener: MessageListener): void
  remove(channel: string): void
  /** Resolves when Redis has confirmed all that was added; at once while it is away. Never rejects. */
  settled(): Promise<void>
  /** Called after an outage, when everything is subscribed to again: messages sent meanwhile never arrived. */
  onLoss(listener: () => void): void
  /** Rejects while Redis does not answer. */
  check(): Promise<void>
  close(): void
}

/** Opens the subscribing connection. Rejects with UnavailableError when Redis does not answer. */
export const openSubscriptions = async (url: string, onError: ErrorListener): Promise<Subscriptions> => {
  const redis = new Redis(url, { ...OPTIONS, connectionName: 'carillon-subscriber' })
  const wanted = new Map<string, MessageListener>()
  const changed = new Set<string>()
  const lossListeners: (() => void)[] = []
  /** What this connection was asked for; a new one starts with nothing. */
  let asked = new Set<string>()
  let confirmed = Promise.resolve()
  let next: Promise<void> | undefined
  let outage = false

  const command = async (channels: string[], send: (chunk: string[]) => Promise<unknown>) => {
    const chunks: Promise<unknown>[] = []
    for (let from = 0; from < channels.length; from += CHANNELS_PER_COMMAND)
      chunks.push(send(channels.slice(from, from + CHANNELS_PER_COMMAND)))
    await Promise.all(chunks)
  }

  const apply = async () => {
    const add: string[] = []
    const drop: string[] = []
    for (const channel of changed) {
      if (wanted.has(channel) === asked.has(channel)) continue
      if (asked.delete(channel)) drop.push(channel)
      else {
        asked.add(channel)
        add.push(channel)
      }
    }
    changed.clear()
    await Promise.all([
      command(add, (chunk) => redis.ssubscribe(...chunk)),
      command(drop, (chunk) => redis.sunsubscribe(...chunk)),
    ]).catch((error: Error) => {
      // What Redis holds is now unknown, so start over on a new connection.
      onError(error)
      if (redis.status === 'ready') redis.disconnect(true)
    })
  }

  /** Sends what has changed, once per turn of the event loop, so that a storm of connections needs few commands. */
  const flush = () => {
    if (redis.status !== 'ready') return Promise.resolve()
    next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      next = undefined
      confirmed = Promise.all([confirmed, apply()]).then(() => {})
      return confirmed
    })
    return next
  }

  redis.on('close', () => {
    outage = true
  })
  const resubscribe = async () => {
    asked = new Set()
    for (const channel of wanted.keys()) changed.add(channel)
    await flush()
    if (!outage || redis.status !== 'ready') return
    outage = false
    for (const listener of lossListeners) listener()
  }
  redis.on('ready', () => {
    resubscribe().catch(onError)
  })
  redis.on('smessageBuffer', (channel: Buffer, message: Buffer) => {
    try {
      wanted.get(channel.toString())?.(message, channel)
    } catch (error) {
      // Whoever reaches Redis can publish; the adapter of Socket.IO trusts what it reads.
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  })
  await connected(redis, onError)
  const heartbeat = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(onError)
  }, HEARTBEAT_MS).unref()

  return {
    add: (channel, listener) => {
      wanted.set(channel, listener)
      changed.add(channel)
      flush().catch(onError)
    },
    remove: (channel) => {
      wanted.delete(channel)
      changed.add(channel)
      flush().catch(onError)
    },
    settled: () => (changed.size > 0 ? flush() : confirmed),
    onLoss: (listener) => {
      lossListeners.push(listener)
    },
    check: async () => {
      await redis.ping()
    },
    close: () => {
      clearInterval(heartbeat)
      redis.disconnect()
    },
  }
}
