import { type Config, ConfigError, readConfig } from '@carillon/core/config/config'

/** The only reader of the environment. Prints what is wrong and exits with 2, the code for unusable settings. */
export const settings = (): Config => {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return refuse(error.message)
  }
}

/** Ends the command: the user has to change something first. */
export const refuse = (message: string): never => {
  process.stderr.write(`carillon: ${message.replaceAll('\n', '\ncarillon: ')}\n`)
  process.exit(2)
}

/** For people and pipes, as opposed to the log. */
export const say = (text: string) => {
  process.stdout.write(`${text}\n`)
}

/** The root secret, which every process of one installation shares. */
export const needSecret = (config: Config): string =>
  config.secret ?? refuse('CARILLON_SECRET is not set; make one with: openssl rand -hex 32')

/** Hubs and dispatchers are separate processes, so they can only share real parts. */
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
