import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {} from '@carillon/core/testing/provided'
import { describe, expect, inject, test } from 'vitest'
import { startNats, startRedis } from '../rig/servers.ts'
import { runRestarts } from './restarts.ts'

/** `npm run consistency -- --fault restarts` performs ten. */
const RESTARTS = 4
/** Six restarts, one after the other, take about a minute, and several on a busy machine. */
const LIMIT_MS = 400_000

const cassandra = inject('cassandra')
const missing = [
  inject('natsServer') ? [] : 'nats-server',
  inject('redisServer') ? [] : 'redis-server',
  inject('caddy') ? [] : 'caddy',
  cassandra ? [] : 'Cassandra',
].flat()

describe.skipIf(missing.length > 0)(
  `rolling restart${missing.length > 0 ? ` (no ${missing.join(', ')})` : ''}`,
  () => {
    test(
      'a rolling restart behind the shipped proxy fails no request and loses no item',
      async () => {
        const dir = await mkdtemp(join(tmpdir(), 'carillon-rolling-'))
        const [nats, redis] = await Promise.all([startNats({ dir }), startRedis()])
        try {
          const urls = { nats: nats.url, redis: redis.url, cassandra: cassandra!.replace('?', '_rolling?') }
          const result = await runRestarts({ restarts: RESTARTS, urls })
          expect(result, JSON.stringify(result)).toMatchObject({ failed: {}, unclean: [], misplaced: [] })
          expect(result.reconnections).toBeGreaterThan(0)
        } finally {
          await Promise.all([nats.stop(), redis.stop()])
          await rm(dir, { recursive: true })
        }
      },
      LIMIT_MS,
    )
  },
)
