import { reasonOf } from '@carillon/core/errors'
import { memoryLimits } from '@carillon/core/limits/memory'
import type { Limits } from '@carillon/core/limits/port'
import { redisLimits } from '@carillon/core/limits/redis'
import { inProcessLive } from '@carillon/core/live/in-process'
import type { Live } from '@carillon/core/live/port'
import { redisLive } from '@carillon/core/live/redis'
import { clusterServer, type LiveServer, standaloneServer } from '@carillon/core/live/server'
import { redisClock } from '@carillon/core/redis/clock'
import { connectRedis, openSubscriptions } from '@carillon/core/redis/connection'
import { createRequestLimits, type RequestLimits } from '@carillon/hub/limits/requests'
import { redisShare } from '@carillon/hub/limits/shared-usage'
import { watchClock } from './clock.ts'
import type { Context } from './context.ts'

/** Opens the live bus and the rate limits: over Redis if its URL is set, otherwise in this process. */
export const liveAdapters = (context: Context) => {
  const { config, closers, log } = context
  const openRedis = (redisUrl: string) => {
    const onError = (error: Error) => log.warn({ err: error.message }, 'redis does not answer')
    return {
      connect: () => connectRedis(redisUrl, onError),
      subscribe: () => openSubscriptions(redisUrl, onError),
    }
  }

  /** Opens the live bus and the Socket.IO server that it delivers through, for a process with sockets. */
  const openEdge = async (namespace: string): Promise<{ live: Live; io: LiveServer }> => {
    if (!config.redisUrl) {
      const io = standaloneServer()
      return { live: inProcessLive({ io }), io }
    }
    const { connect, subscribe } = openRedis(config.redisUrl)
    const redis = await connect()
    const subscriptions = await subscribe()
    const live = redisLive({ redis, subscriptions, namespace })
    closers.add('live', () => live.close())
    return { live, io: clusterServer({ redis, subscriptions, namespace }) }
  }

  /** Opens the live bus for a process that only delivers. Without Redis, it reaches nobody. */
  const openLive = async (namespace: string): Promise<Live> => {
    if (!config.redisUrl) return inProcessLive({ io: standaloneServer() })
    const live = redisLive({ redis: await openRedis(config.redisUrl).connect(), namespace })
    closers.add('live', () => live.close())
    return live
  }

  /** Opens the rate limits of sends and of requests. */
  const openLimits = async (namespace: string): Promise<{ limits: Limits; requests: RequestLimits }> => {
    if (!config.redisUrl) return { limits: memoryLimits(), requests: createRequestLimits() }
    const redis = await openRedis(config.redisUrl).connect()
    closers.add('limits', () => redis.disconnect())
    const onError = (error: unknown) =>
      log.warn({ err: reasonOf(error) }, 'rate limits are not shared with other processes')
    const requests = createRequestLimits({ share: redisShare({ redis, namespace }), onError })
    closers.add('request limits', () => requests.close())
    const limits = redisLimits({ redis, namespace, onError })
    // Created after the scripts are defined: a pipeline of ioredis supports only scripts that were defined
    // before its first command.
    watchClock(context, redisClock(redis))
    return { limits, requests }
  }
  return { openEdge, openLive, openLimits }
}
