import { Redis, type RedisOptions } from 'ioredis'
import { UnavailableError } from '../errors.ts'

type ErrorListener = (error: Error) => void

/** Time limit of a command, in ms. Its connection is closed soon after. */
const COMMAND_TIMEOUT_MS = 2_000
const SILENCE_MS = 3_000
/** How often the subscribing connection is pinged, in ms. */
const HEARTBEAT_MS = 5_000
const RETRY_MAX_MS = 2_000
/** Channels per SSUBSCRIBE. */
const CHANNELS_PER_COMMAND = 500

/**
 * Commands fail at once while disconnected: none is queued or sent twice. Reconnects forever, with exponential backoff and
 * jitter.
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
 * Converts a command's error to UnavailableError. ioredis attaches the arguments of the command to its
 * errors; they are dropped, because message content must not be logged.
 */
export const unavailable = (error: unknown): UnavailableError =>
  new UnavailableError('live', new Error(error instanceof Error ? error.message : String(error)))

/**
 * Connects the client. Rejects with UnavailableError if Redis does not respond. Afterwards the client
 * reconnects on its own and calls `onError` for every failed attempt.
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

/**
 * Scripts that are defined when they are first used. An ioredis pipeline only knows scripts that were defined before its
 * first command, and throws an uncaught error for others. These scripts are therefore sent outside of pipelines.
 */
const LATE_SCRIPTS = ['rlflxIncr']

/** Opens a connection for commands. Rejects with UnavailableError if Redis does not respond. */
export const connectRedis = async (url: string, onError: ErrorListener): Promise<Redis> => {
  const redis = new Redis(url, {
    ...OPTIONS,
    connectionName: 'carillon',
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: LATE_SCRIPTS,
  })
  await connected(redis, onError)
  return redis
}

type MessageListener = (message: Buffer, channel: Buffer) => void

/** The listeners of channels: at most one that receives the messages, and any number that are called without them. */
const createChannelListeners = () => {
  const receiving = new Map<string, MessageListener>()
  const watching = new Map<string, Set<() => void>>()
  return {
    has: (channel: string) => receiving.has(channel) || watching.has(channel),
    channels: () => new Set([...receiving.keys(), ...watching.keys()]),
    set: (channel: string, listener: MessageListener | undefined) => {
      if (listener) receiving.set(channel, listener)
      else receiving.delete(channel)
    },
    watch: (channel: string, listener: () => void) => {
      const own = () => listener()
      const all = watching.get(channel) ?? new Set()
      watching.set(channel, all.add(own))
      return () => {
        if (all.delete(own) && all.size === 0) watching.delete(channel)
      }
    },
    call: (message: Buffer, channel: Buffer) => {
      const name = channel.toString()
      for (const listener of [...(watching.get(name) ?? [])]) listener()
      receiving.get(name)?.(message, channel)
    },
  }
}

/**
 * Subscriptions of this process to sharded channels, on their own connection. After an outage all of them are renewed.
 * Nothing is queued during the outage.
 */
export type Subscriptions = {
  add(channel: string, listener: MessageListener): void
  remove(channel: string): void
  /** Calls `listener` for each message of a channel, in addition to that of `add`. Returns an unsubscribe function. */
  watch(channel: string, listener: () => void): () => void
  /** Resolves when Redis has confirmed all added channels; at once while disconnected. Never rejects. */
  settled(): Promise<void>
  /** Calls `listener` after an outage, once all channels are subscribed again. Messages in between are lost. */
  onLoss(listener: () => void): void
  /** Rejects if Redis does not respond. */
  check(): Promise<void>
  close(): void
}

/** Opens the subscribing connection. Rejects with UnavailableError if Redis does not respond. */
export const openSubscriptions = async (url: string, onError: ErrorListener): Promise<Subscriptions> => {
  const redis = new Redis(url, { ...OPTIONS, connectionName: 'carillon-subscriber' })
  const listeners = createChannelListeners()
  const changed = new Set<string>()
  const lossListeners: (() => void)[] = []
  /** Channels requested on the current connection. */
  let requested = new Set<string>()
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
      if (listeners.has(channel) === requested.has(channel)) continue
      if (requested.delete(channel)) drop.push(channel)
      else {
        requested.add(channel)
        add.push(channel)
      }
    }
    changed.clear()
    await Promise.all([
      command(add, (chunk) => redis.ssubscribe(...chunk)),
      command(drop, (chunk) => redis.sunsubscribe(...chunk)),
    ]).catch((error: Error) => {
      // The subscriptions in Redis are now unknown, so all are renewed on a new connection.
      onError(error)
      if (redis.status === 'ready') redis.disconnect(true)
    })
  }

  /** Sends changes once per turn of the event loop, so that a burst of connections needs few commands. */
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
    requested = new Set()
    for (const channel of listeners.channels()) changed.add(channel)
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
      listeners.call(message, channel)
    } catch (error) {
      // Any client of Redis can publish, and Socket.IO's adapter does not validate messages.
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  })
  await connected(redis, onError)
  const heartbeat = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(onError)
  }, HEARTBEAT_MS).unref()

  const change = (channel: string) => {
    changed.add(channel)
    flush().catch(onError)
  }

  return {
    add: (channel, listener) => {
      listeners.set(channel, listener)
      change(channel)
    },
    remove: (channel) => {
      listeners.set(channel, undefined)
      change(channel)
    },
    watch: (channel, listener) => {
      const end = listeners.watch(channel, listener)
      change(channel)
      return () => {
        end()
        change(channel)
      }
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
