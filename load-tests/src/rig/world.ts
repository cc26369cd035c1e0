import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@carillon/core/testing/ports'
import type { Urls } from './carillon.ts'
import type { Server } from './child.ts'
import { type CassandraKind, cassandraUrl, startCassandra, startNats, startRedis } from './servers.ts'

/** Three real servers on free ports, with their own data. `natsWebSocket` is the URL of NATS for clients without TCP. */
export type World = {
  nats: Server
  redis: Server
  cassandra: Server
  urls: Urls
  natsWebSocket: string
  stop(): Promise<void>
}

/** Starts NATS, Redis and Cassandra. `stop` stops them and removes their data. */
export const raiseWorld = async ({ kind }: { kind?: CassandraKind } = {}): Promise<World> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-world-'))
  const started: Server[] = []
  const keep = async (starting: Promise<Server>) => {
    const server = await starting
    started.push(server)
    return server
  }
  const clear = () => rmSync(dir, { recursive: true, force: true })
  process.once('exit', clear)
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    clear()
    process.off('exit', clear)
  }
  const webSocketPort = await freePort()
  const natsWebSocket = `ws://127.0.0.1:${webSocketPort}`
  const starting = [
    keep(startNats({ dir: join(dir, 'nats'), webSocketPort })),
    keep(startRedis()),
    keep(startCassandra({ dir: join(dir, 'cassandra'), ...(kind && { kind }) })),
  ] as const
  try {
    const [nats, redis, cassandra] = await Promise.all(starting)
    const urls = { nats: nats.url, redis: redis.url, cassandra: cassandraUrl(cassandra) }
    return { nats, redis, cassandra, urls, natsWebSocket, stop }
  } catch (error) {
    await Promise.allSettled(starting)
    await stop()
    throw error
  }
}
