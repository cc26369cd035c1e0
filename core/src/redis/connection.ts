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

/**
 * Subscriptions of this process to sharded channels, on their own connection. After an outage all of them are renewed.
 * Nothing is queued during the outage.
 */
export type Subscriptions = {
  add(channel: string, listener: MessageListener): void
  remove(channel: string): void
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
  const wanted = new Map<string, MessageListener>()
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
      if (wanted.has(channel) === requested.has(channel)) continue
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
      // Any client of Redis can publish, and Socket.IO's adapter does not validate messages.
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
