import { refuse } from '../process/command-error.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { devState } from './dev-state.ts'

/**
 * Reads the settings from the environment; nothing else does. `data` is the option of that name. Exits with
 * code 2 if settings are invalid.
 */
export const settings = ({ data }: { data?: string } = {}): Config => {
  try {
    const config = readConfig(process.env)
    return { ...config, dataDir: data ?? config.dataDir }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return refuse(error.message)
  }
}

/** Returns the root secret: CARILLON_SECRET, or that of the `carillon dev` in the data directory. */
const knownSecret = (config: Config): string | undefined =>
  config.secret ?? (config.cassandraUrl ? undefined : devState(config.dataDir).read()?.secret)

/** Returns the root secret, which all processes of one installation share. Exits with code 2 if there is none. */
export const needSecret = (config: Config): string =>
  knownSecret(config) ??
  refuse(
    'CARILLON_SECRET is not set; all processes of an installation need the same one. Make one for a new installation with: openssl rand -hex 32',
  )

/**
 * Exits with code 2 unless all three servers are set, because separate hubs and dispatchers can share nothing
 * else.
 */
export const needCluster = (config: Config) => {
  const missing = [
    config.natsUrl ? [] : ['CARILLON_NATS_URL'],
    config.redisUrl ? [] : ['CARILLON_REDIS_URL'],
    config.cassandraUrl ? [] : ['CARILLON_CASSANDRA_URL'],
  ].flat()
  if (missing.length > 0)
    refuse(
      `${missing.join(', ')} not set; separate hubs and dispatchers need all three (carillon dev needs none)`,
    )
}
