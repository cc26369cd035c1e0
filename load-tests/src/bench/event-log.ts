import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Stream } from '@carillon/core/stream/port'
import { jetstreamManager } from '@nats-io/jetstream'
import type { Settings } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import type { Servers } from './bench.ts'
import { clock } from './machine.ts'

/** The event log of an installation, opened by the bench. */
export type EventLog = {
  /**
   * Stops Carillon, writes to the log, then restarts the log and Carillon. Resolves with the seconds from there until Carillon
   * is ready.
   */
  refill(write: (stream: Stream) => Promise<void>): Promise<number>
  /** Returns the size on disk in bytes: of all streams, or of all data of one process. */
  size(): Promise<number>
}

const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const start = clock()
  await work()
  return (clock() - start) / 1_000
}

/** The log in the file of one process. */
export const embeddedLog = (server: Server, dir: string): EventLog => ({
  refill: async (write) => {
    await server.stop()
    const database = openDatabase(join(dir, 'carillon.db'))
    const stream = embeddedStream({ database })
    await write(stream)
    await stream.close()
    await database.close()
    return secondsOf(server.restart)
  },
  size: async () => readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0),
})

/** The log of a cluster. NATS is restarted as well if the bench has started it. */
export const clusterLog = (
  carillon: { hubs: Server[]; dispatchers: Server[]; settings: Settings },
  { urls, restartNats }: Servers,
): EventLog => {
  const processes = [...carillon.hubs, ...carillon.dispatchers]
  const namespace = async () => {
    const seal = createSeal(carillon.settings.CARILLON_SECRET ?? '')
    const store = cassandraStore({ ...connectCassandra(urls.cassandra), seal, retention: 1 })
    try {
      return (await store.namespace()) ?? ''
    } finally {
      await store.close()
    }
  }
  return {
    refill: async (write) => {
      await Promise.all(processes.map((server) => server.stop()))
      const connection = await connectNats(urls.nats, 'bench')
      const stream = await jetstreamStream({ connection, namespace: await namespace() })
      await write(stream)
      await stream.close()
      await connection.close()
      return secondsOf(async () => {
        await restartNats?.()
        await Promise.all(processes.map((server) => server.restart()))
      })
    },
    size: async () => {
      const connection = await connectNats(urls.nats, 'bench')
      let bytes = 0
      for await (const { state } of (await jetstreamManager(connection)).streams.list()) bytes += state.bytes
      await connection.close()
      return bytes
    },
  }
}
