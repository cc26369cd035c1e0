import { EXIT_USAGE } from './command-line.ts'
import { type Config, ConfigError, readConfig } from './config/config.ts'

/**
 * The only reader of the environment; `data` is the option of that name. Prints what is wrong and exits with 2, the code
 * for unusable settings.
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

/** Ends the command: the user has to change something first. */
export const refuse = (message: string): never => {
  process.stderr.write(`carillon: ${message.replaceAll('\n', '\ncarillon: ')}\n`)
  process.exit(EXIT_USAGE)
}

/** What a person can mend; the command ends with its message alone and exit code 2. */
export class CommandError extends Error {
  override name = 'CommandError'
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
