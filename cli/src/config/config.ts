import { nearest, parse } from '@carillon/schemas'
import { Environment } from './environment.ts'
import { entries, REQUEST_RATES, type RequestRates, type SendRates } from './rates.ts'
import type { Retries } from './retries.ts'

/** The settings of a process, from the environment. */
export type Config = {
  natsUrl?: string
  natsReplicas: number
  natsOwnStreams: string[]
  redisUrl?: string
  cassandraUrl?: string
  dataDir: string
  namespace?: string
  secret?: string
  port?: number
  host?: string
  origins: '*' | string[]
  trustedProxies: string[]
  socketsPerAddress: { sockets: number; handshakes: number }
  unknownTypes?: 'refuse' | 'accept'
  insecureLinks?: 'refuse' | 'accept'
  retentionMs: number
  drainMs: number
  drainDelayMs?: number
  publicUrl?: string
  allowedTargets?: string[]
  rates: SendRates
  requestRates: RequestRates
  retries: Retries
  hubUrl?: string
  apiKey?: string
  logLevel: string
}

/** Invalid settings, one line per variable. Values are not repeated, because they may be secrets. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const PREFIX = 'CARILLON_'

const suggest = (name: string, known: readonly string[]): string => {
  const [given, ...names] = [name, ...known].map((each) => each.slice(PREFIX.length))
  const close = nearest(given ?? '', names)
  return close === undefined ? `known settings are ${known.join(', ')}` : `did you mean ${PREFIX}${close}?`
}

/**
 * Parses CARILLON_* variables. Throws ConfigError for invalid and unknown ones, so that a misspelling is not
 * ignored.
 */
export const readConfig = (environment: Record<string, string | undefined>): Config => {
  const ours = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => name.startsWith(PREFIX) && value !== '' && value !== undefined,
    ),
  )
  const parsed = parse(Environment.strict(), ours)
  if (!parsed.success) {
    const known = Object.keys(Environment.shape)
    const lines = parsed.issues.map(({ path: [name = ''], message }) =>
      known.includes(String(name))
        ? `${String(name)} ${message}`
        : `${String(name)} is not a setting; ${suggest(String(name), known)}`,
    )
    throw new ConfigError(lines.join('\n'))
  }
  const env = parsed.data
  return {
    natsUrl: env.CARILLON_NATS_URL,
    natsReplicas: env.CARILLON_NATS_REPLICAS,
    natsOwnStreams: env.CARILLON_NATS_OWN_STREAMS,
    redisUrl: env.CARILLON_REDIS_URL,
    cassandraUrl: env.CARILLON_CASSANDRA_URL,
    dataDir: env.CARILLON_DATA_DIR,
    namespace: env.CARILLON_NAMESPACE,
    secret: env.CARILLON_SECRET,
    port: env.CARILLON_PORT,
    host: env.CARILLON_HOST,
    origins: env.CARILLON_ORIGINS,
    trustedProxies: entries(env.CARILLON_TRUSTED_PROXIES),
    socketsPerAddress: {
      sockets: env.CARILLON_SOCKETS_PER_ADDRESS,
      handshakes: env.CARILLON_HANDSHAKES_PER_ADDRESS,
    },
    unknownTypes: env.CARILLON_UNKNOWN_TYPES,
    insecureLinks: env.CARILLON_INSECURE_LINKS,
    retentionMs: env.CARILLON_RETENTION_DAYS * 86_400_000,
    drainMs: env.CARILLON_DRAIN_SECONDS * 1_000,
    drainDelayMs:
      env.CARILLON_DRAIN_DELAY_SECONDS === undefined ? undefined : env.CARILLON_DRAIN_DELAY_SECONDS * 1_000,
    publicUrl: env.CARILLON_PUBLIC_URL,
    allowedTargets:
      env.CARILLON_ALLOWED_TARGETS === undefined ? undefined : entries(env.CARILLON_ALLOWED_TARGETS),
    rates: env.CARILLON_RATES ?? {},
    requestRates: { ...REQUEST_RATES, ...env.CARILLON_REQUEST_LIMITS },
    retries: env.CARILLON_RETRIES ?? {},
    hubUrl: env.CARILLON_HUB_URL,
    apiKey: env.CARILLON_API_KEY,
    logLevel: env.CARILLON_LOG_LEVEL,
  }
}
