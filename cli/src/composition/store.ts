import { cassandraClock } from '@carillon/core/cassandra/clock'
import { UnavailableError } from '@carillon/core/errors'
import { requireNamespace } from '@carillon/core/installation/namespace'
import type { Seal } from '@carillon/core/security/seal'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import type { Config } from '../config/config.ts'
import { watchClock } from './clock.ts'
import { type Context, databaseFile } from './context.ts'
import type { Embedded } from './embedded.ts'
import { untilAvailable } from './until-available.ts'

/** The store's name in error messages. */
export const storeName = (config: Config) =>
  config.cassandraUrl ? 'the keyspace of CARILLON_CASSANDRA_URL' : `the data file ${databaseFile(config)}`

/** Opens the store in Cassandra if its URL is set, otherwise in the embedded file. */
export const storeAdapters = (context: Context, seal: Seal, embedded: Embedded) => {
  const { config, closers, log } = context
  const openStore = async (): Promise<Store> => {
    const connection = config.cassandraUrl ? connectCassandra(config.cassandraUrl) : undefined
    const store = connection
      ? cassandraStore({ ...connection, seal, retention: config.retentionMs })
      : sqliteStore({ database: embedded(), seal, retention: config.retentionMs })
    closers.add('store', () => store.close())
    // With Redis, the shared clock is that of Redis.
    if (connection && !config.redisUrl) watchClock(context, cassandraClock(connection))
    return store
  }

  /**
   * Returns the store and the namespace of the installation that its data belongs to. With `migrate`, it is
   * migrated first; `applied` is the number of migrations that were run. Waits while the store does not
   * respond or is not migrated yet. Throws SetupError for data that this process cannot use.
   */
  const openInstallation = async ({ migrate }: { migrate: boolean }) => {
    const store = await openStore()
    let applied = 0
    const namespace = await untilAvailable(log, 'store', async () => {
      const found = await store.namespace()
      if (found !== undefined) requireNamespace(storeName(config), found, config.namespace)
      // A new keyspace joins the installation whose event log is in the data directory.
      const wanted = found ?? config.namespace ?? (config.natsUrl ? undefined : embedded().namespace)
      if (migrate) applied += await store.migrate(wanted)
      await store.check()
      const recorded = await store.namespace()
      if (recorded === undefined) throw new UnavailableError('store', new Error('it is not migrated yet'))
      return recorded
    })
    return { store, namespace, applied }
  }
  return { openStore, openInstallation }
}
