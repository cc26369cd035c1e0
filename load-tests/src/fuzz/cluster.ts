import { randomBytes } from 'node:crypto'
import { announced } from '@carillon/core/cache/invalidation/announced'
import { natsInvalidations } from '@carillon/core/cache/invalidation/nats'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import { redisLimits } from '@carillon/core/limits/redis'
import { redisLive } from '@carillon/core/live/redis'
import { clusterServer } from '@carillon/core/live/server'
import { natsServerPath, startNatsServer } from '@carillon/core/nats/testing/server'
import { connectRedis, openSubscriptions } from '@carillon/core/redis/connection'
import { redisServer, startRedis } from '@carillon/core/redis/testing/server'
import type { Seal } from '@carillon/core/security/seal'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type {} from '@carillon/core/testing/provided'
import { jetstreamIdempotency } from '@carillon/hub/idempotency/jetstream'
import { inject } from 'vitest'

const nats = natsServerPath()
const cassandra = inject('cassandra')

/** Whether all three servers are available. */
export const hasCluster = nats !== undefined && redisServer !== undefined && cassandra !== undefined

/** Creates the parts of a hub and a dispatcher, with their own NATS, Redis and Cassandra keyspace. */
export const openCluster = async (seal: Seal) => {
  const namespace = `f${randomBytes(5).toString('hex')}`
  const url = (cassandra ?? '').replace(/\/([a-z0-9_]+)(?=\?|$)/, `/$1_${namespace}`)
  const [natsServer, redis] = await Promise.all([startNatsServer(nats ?? ''), startRedis()])
  const bare = cassandraStore({ ...connectCassandra(url), seal, retention: 90 * 86_400_000 })
  await bare.migrate(namespace)
  const connection = await connectNats(natsServer.url, 'fuzz')
  const invalidations = await natsInvalidations({ connection, namespace })
  const store = announced(bare, invalidations)
  const stream = await jetstreamStream({ connection, namespace })
  const quiet = () => {}
  const client = await connectRedis(redis.url, quiet)
  const subscriptions = await openSubscriptions(redis.url, quiet)
  const live = redisLive({ redis: client, subscriptions, namespace })
  const paced = await connectRedis(redis.url, quiet)
  return {
    parts: {
      store,
      stream,
      live,
      io: clusterServer({ redis: client, subscriptions, namespace }),
      cache: createSettingsCache(store, invalidations),
      invalidations,
      idempotency: await jetstreamIdempotency({ connection, namespace }),
      limits: redisLimits({ redis: paced, namespace, onError: quiet }),
    },
    close: async () => {
      paced.disconnect()
      await connection.close()
      await redis.close()
      await natsServer.end()
    },
  }
}
