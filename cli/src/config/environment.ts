import { isNetwork } from '@carillon/core/http/client-address'
import { NAMESPACE } from '@carillon/core/installation/namespace'
import { TOKEN, WebUrl, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { entries, RequestRates, SendRates } from './rates.ts'
import { RETRIES_EXAMPLE, Retries } from './retries.ts'

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

const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const choice = () => z.enum(['refuse', 'accept']).optional()
/** Limits per client address are generous, because many people may share one. */
const cap = (most: number) => z.coerce.number().int().min(1).default(most)

/** Web origins as browsers send them: scheme, host and port, in lower case. */
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

/** Every environment variable with its meaning. A part is real if its URL is set, and embedded otherwise. */
export const Environment = z.object({
  CARILLON_NATS_URL: url('nats', 'tls')
    .optional()
    .describe('NATS ≥ 2.12 with JetStream; several servers separated by commas'),
  CARILLON_NATS_OWN_STREAMS: z
    .string()
    .default('')
    .transform((text) => [...new Set(entries(text))])
    .refine((tenants) => tenants.every((tenant) => TOKEN.test(tenant)), 'must be a list of tenants')
    .describe('Tenants whose notifications have their own NATS stream; equal in every process'),
  CARILLON_NATS_REPLICAS: wholeNumber(1, 5).default(1).describe('Replicas of each stream'),
  CARILLON_REDIS_URL: url('redis', 'rediss').optional().describe('Redis ≥ 7'),
  CARILLON_CASSANDRA_URL: url('cassandra')
    .optional()
    .describe('cassandra://host[:port][,host]/keyspace?dc=datacenter1[&rf=3]'),
  CARILLON_DATA_DIR: z.string().min(1).default('./.carillon').describe('Directory of the embedded file'),
  CARILLON_NAMESPACE: z
    .string()
    .regex(NAMESPACE, 'must be 1 to 16 lowercase letters and digits')
    .optional()
    .describe('Name of the installation in NATS and Redis; the first start records a random one'),
  CARILLON_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters; make one with: openssl rand -hex 32')
    .optional()
    .describe('Root secret that encrypts stored secrets and addresses; equal in every process'),
  CARILLON_PORT: wholeNumber(1, 65_535).optional().describe('Port to listen on'),
  CARILLON_HOST: z
    .string()
    .min(1)
    .optional()
    .describe('Address to listen on; dev 127.0.0.1 and ::1, others all, IPv4 and IPv6'),
  CARILLON_ORIGINS: Origins.default('*').describe(
    'Web origins whose pages may use the API with a user token, and connect; separated by commas',
  ),
  CARILLON_TRUSTED_PROXIES: z
    .string()
    .refine(
      (text) => entries(text).every(isNetwork),
      'must be a list of addresses, CIDRs, loopback or private',
    )
    .default('loopback')
    .describe('Proxies whose X-Forwarded-For is trusted; addresses, CIDRs, loopback or private'),
  CARILLON_SOCKETS_PER_ADDRESS: cap(10_000).describe('Maximum sockets of a client address'),
  CARILLON_HANDSHAKES_PER_ADDRESS: cap(100).describe(
    'Maximum sockets of a client address that stay without a valid token for more than two seconds',
  ),
  CARILLON_REQUEST_LIMITS: RequestRates.default({}).describe(
    'Requests per second and burst of an API key, tenant and user, and refused credentials of a client address, such as key=100:200,user=off',
  ),
  CARILLON_UNKNOWN_TYPES: choice().describe(
    'Whether notifications of undefined types are accepted; dev accepts, others refuse',
  ),
  CARILLON_INSECURE_LINKS: choice().describe(
    'Whether http:// links are accepted; dev accepts, others refuse',
  ),
  CARILLON_RETENTION_DAYS: wholeNumber(1, 3_650)
    .default(90)
    .describe('How long items, notification records and deliveries are kept'),
  CARILLON_DRAIN_SECONDS: wholeNumber(1, 600)
    .default(20)
    .describe('Time on SIGTERM to finish work in hand, after the drain delay'),
  CARILLON_DRAIN_DELAY_SECONDS: wholeNumber(0, 300)
    .optional()
    .describe('On SIGTERM, how long a hub keeps serving with 503 on /readyz; hub 5, dev 0'),
  CARILLON_PUBLIC_URL: WebUrl.transform(withoutTrailingSlash)
    .optional()
    .describe('Public URL of the hubs, for unsubscribe links and callbacks of providers'),
  CARILLON_ALLOWED_TARGETS: z
    .string()
    .optional()
    .describe(
      'Private hosts, addresses and networks that may be sent to, each with an optional :port, such as mail.internal:25,10.1.0.0/16; * for any. dev allows any, others none',
    ),
  CARILLON_RATES: SendRates.optional().describe(
    'Rate limits of sends: global, tenant, sender, user and each channel, such as email=200,user=1:5',
  ),
  CARILLON_RETRIES: Retries.optional().describe(
    `How long failed sends are retried, by channel, such as ${RETRIES_EXAMPLE}`,
  ),
  CARILLON_HUB_URL: url('http', 'https').optional().describe('URL of the hub for carillon send'),
  CARILLON_API_KEY: z.string().min(1).optional().describe('API key for carillon send'),
  CARILLON_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})
