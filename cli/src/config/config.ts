import { isNetwork } from '@carillon/core/http/client-address'
import { NAMESPACE } from '@carillon/core/installation/namespace'
import {
  CHANNELS,
  type Channel,
  nearest,
  parse,
  type Rate,
  RETRY_WINDOW_MAX,
  TOKEN,
  WebUrl,
  withoutTrailingSlash,
} from '@carillon/schemas'
import { z } from 'zod'
import { aSecondAtOnce, entries, evenly, parseRates } from './rates.ts'

const url = (...schemes: string[]) =>
  z.string().refine(
    (value) => {
      try {
        return schemes.includes(new URL(value.split(',')[0]!).protocol.slice(0, -1))
      } catch {
        return false
      }
    },
    `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  )

/** Many people may share one address, so caps per address are generous. */
const cap = (most: number) => z.coerce.number().int().min(1).default(most)

const RATE_NAMES = ['global', 'tenant', 'sender', 'user', ...CHANNELS] as const
type RateName = (typeof RATE_NAMES)[number]

const ratesOf = <Name extends string>(
  names: readonly Name[],
  burstOf: (perSecond: number) => number,
  message: string,
) =>
  z.string().transform((text, context) => {
    const rates = parseRates(names, text, burstOf)
    if (rates) return rates
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** `email=200,user=1:5`: so many a second, and at most so many at once. */
const Rates = ratesOf(
  RATE_NAMES,
  evenly,
  `must be a list such as email=200,user=1:5 of ${RATE_NAMES.join(', ')} and messages a second`,
).transform((rates) => {
  const known: Partial<Record<RateName, Rate>> = {}
  for (const name of RATE_NAMES) if (rates[name]) known[name] = rates[name]
  return known
})

/** `guesses`: refused credentials, by client address. */
const REQUEST_NAMES = ['key', 'tenant', 'user', 'guesses'] as const
type RequestRates = Record<(typeof REQUEST_NAMES)[number], Rate | null>
/** More than a hub serves by keys and tenants, so that only what is clearly a fault or an attack is refused. */
const REQUEST_RATES: RequestRates = {
  key: { perSecond: 10_000, burst: 20_000 },
  tenant: { perSecond: 20_000, burst: 40_000 },
  user: { perSecond: 100, burst: 1_000 },
  guesses: { perSecond: 1, burst: 100 },
}
const RequestRates = ratesOf(
  REQUEST_NAMES,
  aSecondAtOnce,
  `must be a list such as key=100:200,user=off of ${REQUEST_NAMES.join(', ')} and requests a second`,
)

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const RETRIES_EXAMPLE = 'email=window:24h,base:5s,cap:30m;webhook=window:3d'
const SETTING_OF = {
  window: 'windowMs',
  base: 'baseMs',
  cap: 'capMs',
  fallback: 'fallbackMs',
  attempts: 'attempts',
} as const
type RetrySettings = Partial<Record<(typeof SETTING_OF)[keyof typeof SETTING_OF], number>>
type Retries = Partial<Record<Channel, RetrySettings>>

/** `window:24h,base:5s,cap:30m,attempts:9`; undefined if it is not of this form. */
const retrySettings = (text: string): RetrySettings | undefined => {
  const settings: RetrySettings = {}
  for (const entry of entries(text)) {
    const [, name, count, unit] = /^(window|base|cap|fallback|attempts):(\d{1,7})([smhd]?)$/.exec(entry) ?? []
    if (name === undefined || (name === 'attempts') !== (unit === '')) return undefined
    const value = Number(count) * (unit ? UNITS[unit as keyof typeof UNITS] : 1)
    const least = name === 'window' || name === 'fallback' ? 0 : 1
    if (value < least || value > RETRY_WINDOW_MAX * 1_000) return undefined
    settings[SETTING_OF[name as keyof typeof SETTING_OF]] = value
  }
  return Object.keys(settings).length > 0 ? settings : undefined
}

/** Retry policies by channel, as in the example. */
const Retries = z.string().transform((text, context) => {
  const retries: Retries = {}
  for (const entry of text.split(';').filter((each) => each.trim() !== '')) {
    const [, name, settings = ''] = /^\s*([a-z]+)=(.*)$/.exec(entry) ?? []
    const channel = CHANNELS.find((each) => each === name)
    const given = retrySettings(settings)
    if (!channel || !given) {
      context.addIssue({
        code: 'custom',
        message: `must be a list such as ${RETRIES_EXAMPLE}: for each of ${CHANNELS.join(', ')} any of window, base, cap and fallback as a time in s, m, h or d (at most 30d), and attempts`,
      })
      return z.NEVER
    }
    retries[channel] = given
  }
  return retries
})

/** As browsers send them: scheme, host and port, in lower case. */
const Origins = z.string().transform((text, context): '*' | string[] => {
  if (text.trim() === '*') return '*'
  return entries(text).flatMap((entry) => {
    const origin = URL.canParse(entry) ? new URL(entry).origin : 'null'
    if (origin !== 'null') return origin
    context.addIssue({
      code: 'custom',
      message: 'must be * or a list of origins such as https://app.example.com',
    })
    return []
  })
})

/** Every environment variable Carillon knows, with its meaning. A part is real when its URL is set, embedded otherwise. */
export const Environment = z.object({
  CARILLON_NATS_URL: url('nats', 'tls')
    .optional()
    .describe('NATS ≥ 2.12 with JetStream; several servers with commas'),
  CARILLON_NATS_OWN_STREAMS: z
    .string()
    .default('')
    .transform((text) => [...new Set(entries(text))])
    .refine((tenants) => tenants.every((tenant) => TOKEN.test(tenant)), 'must be a list of tenants')
    .describe('Tenants whose notifications have a NATS stream of their own; the same in every process'),
  CARILLON_NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1).describe('Copies of each stream'),
  CARILLON_REDIS_URL: url('redis', 'rediss').optional().describe('Redis ≥ 7'),
  CARILLON_CASSANDRA_URL: url('cassandra')
    .optional()
    .describe('cassandra://host[:port][,host]/keyspace?dc=datacenter1[&rf=3]'),
  CARILLON_DATA_DIR: z
    .string()
    .min(1)
    .default('./.carillon')
    .describe('Where the embedded parts keep their file'),
  CARILLON_NAMESPACE: z
    .string()
    .regex(NAMESPACE, 'must be 1 to 16 lowercase letters and digits')
    .optional()
    .describe('Names the installation in NATS and Redis; the first start makes and keeps a random one'),
  CARILLON_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters; make one with: openssl rand -hex 32')
    .optional()
    .describe('Root secret: encrypts what lies in the store. The same in every process'),
  CARILLON_PORT: z.coerce.number().int().min(1).max(65_535).optional().describe('Where to listen'),
  CARILLON_HOST: z
    .string()
    .min(1)
    .optional()
    .describe('Address to listen on; dev 127.0.0.1 and ::1, others all, of IPv4 and IPv6'),
  CARILLON_ORIGINS: Origins.default('*').describe(
    'Web origins whose pages may use the API with a user token, and connect; with commas',
  ),
  CARILLON_TRUSTED_PROXIES: z
    .string()
    .refine(
      (text) => entries(text).every(isNetwork),
      'must be a list of addresses, CIDRs, loopback or private',
    )
    .default('loopback')
    .describe('Proxies whose X-Forwarded-For names the client; addresses, CIDRs, loopback or private'),
  CARILLON_SOCKETS_PER_ADDRESS: cap(10_000).describe('Sockets a client address may have'),
  CARILLON_HANDSHAKES_PER_ADDRESS: cap(100).describe(
    'Sockets without a valid token that a client address may keep for longer than two seconds',
  ),
  CARILLON_REQUEST_LIMITS: RequestRates.default({}).describe(
    'Requests a second of an API key, tenant and user, and refused credentials of a client address, such as key=100:200,user=off; the second number is at once',
  ),
  CARILLON_UNKNOWN_TYPES: z
    .enum(['refuse', 'accept'])
    .optional()
    .describe('What to do with a notification whose type was never defined; dev accepts, others refuse'),
  CARILLON_INSECURE_LINKS: z
    .enum(['refuse', 'accept'])
    .optional()
    .describe('What to do with links that start with http://; dev accepts, others refuse'),
  CARILLON_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe('How long items are kept'),
  CARILLON_DRAIN_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(600)
    .default(20)
    .describe('Time on SIGTERM to finish what is in hand, after the drain delay'),
  CARILLON_DRAIN_DELAY_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(300)
    .optional()
    .describe('On SIGTERM, how long a hub says 503 at /readyz and serves on; hub 5, dev 0'),
  CARILLON_PUBLIC_URL: WebUrl.transform(withoutTrailingSlash)
    .optional()
    .describe('Where hubs are reached from outside: for links to unsubscribe and for what providers report'),
  CARILLON_ALLOWED_TARGETS: z
    .string()
    .optional()
    .describe(
      'Hosts, addresses and networks, each with :port if you like, that may be sent to although they are not public, such as mail.internal:25,10.1.0.0/16; * for any. dev allows any, others none',
    ),
  CARILLON_RATES: Rates.optional().describe(
    'Messages a second, for global, tenant, sender, user and each channel, such as email=200,user=1:5; more wait',
  ),
  CARILLON_RETRIES: Retries.optional().describe(
    `How long failed sends are retried, by channel, such as ${RETRIES_EXAMPLE}`,
  ),
  CARILLON_HUB_URL: url('http', 'https').optional().describe('Where carillon send finds a hub'),
  CARILLON_API_KEY: z.string().min(1).optional().describe('The API key carillon send uses'),
  CARILLON_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

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
  rates: Partial<Record<RateName, Rate>>
  requestRates: RequestRates
  retries: Retries
  hubUrl?: string
  apiKey?: string
  logLevel: string
}

/** What is wrong with the environment, one line per variable. Values are never repeated: they may be secrets. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const PREFIX = 'CARILLON_'

const suggest = (name: string, known: readonly string[]): string => {
  const [given, ...names] = [name, ...known].map((each) => each.slice(PREFIX.length))
  const close = nearest(given ?? '', names)
  return close === undefined ? `known are ${known.join(', ')}` : `did you mean ${PREFIX}${close}?`
}

/** Reads CARILLON_* variables, refusing unknown ones: a misspelt setting is not silently ignored. Throws ConfigError. */
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
