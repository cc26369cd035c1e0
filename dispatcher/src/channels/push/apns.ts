import { createPrivateKey } from 'node:crypto'
import type { Content, HttpAnswer, Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import { WebUrl } from '@carillon/schemas'
import { z } from 'zod'
import { oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { type ApnsLimits, apnsConnection } from './apns-connection.ts'
import { providerTokens } from './apns-token.ts'
import { deviceOf, fitContent, replaceKey } from './push-content.ts'

const isP256 = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

const Config = z.strictObject({
  key: z.string().refine(isP256, 'must be the .p8 file of a key for APNs (PEM)').describe('The .p8 file'),
  keyId: z.string().regex(/^[A-Z0-9]{10}$/, 'a key id is ten letters and digits'),
  teamId: z.string().regex(/^[A-Z0-9]{10}$/, 'a team id is ten letters and digits'),
  topic: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,255}$/, 'a topic is the bundle id of an app')
    .describe("The app's bundle id"),
  sandbox: z.boolean().default(false).describe('For apps that Xcode has put on the device'),
  sound: z.string().min(1).max(64).default('default').describe('Played unless the priority is low'),
  endpoint: WebUrl.regex(/^https:/, 'must be an https URL')
    .optional()
    .describe('In place of api.push.apple.com'),
  ca: z.string().optional().describe('Who signed the certificate of the endpoint (PEM)'),
})
type Config = z.infer<typeof Config>

const PAYLOAD_MAX_BYTES = 4_096

const payload =
  (message: Outgoing, { sound }: Config) =>
  ({ title, body, url, image, category, data }: Content) => ({
    aps: {
      alert: { title, body },
      sound: message.priority === 'low' ? undefined : sound,
      'thread-id': category,
      'mutable-content': image === undefined ? undefined : 1,
    },
    url,
    image,
    notification: message.notification,
    item: message.item,
    type: message.type,
    data,
  })

const headers = (message: Outgoing, topic: string, jwt: string): Record<string, string> => ({
  authorization: `bearer ${jwt}`,
  'apns-topic': topic,
  'apns-push-type': 'alert',
  'apns-priority': message.priority === 'critical' || message.priority === 'high' ? '10' : '5',
  'apns-expiration': String(Math.floor(message.expiresAt / 1_000)),
  'apns-collapse-id': replaceKey(message),
  'apns-id': derivedUuid7(message.at, message.key),
})

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const GONE = new Set(['BadDeviceToken', 'Unregistered', 'ExpiredToken', 'DeviceTokenNotForTopic'])
const OF_TOPIC = new Set(['BadTopic', 'TopicDisallowed'])
const OF_ACCOUNT = new Set([
  'BadCertificate',
  'BadCertificateEnvironment',
  'BadEnvironmentKeyIdInToken',
  'BadTopic',
  'ExpiredProviderToken',
  'Forbidden',
  'InvalidProviderToken',
  'MissingProviderToken',
  'MissingTopic',
  'TooManyProviderTokenUpdates',
  'TopicDisallowed',
  'UnrelatedKeyIdInToken',
])
const PASSING = new Set(['IdleTimeout', 'InternalServerError', 'ServiceUnavailable', 'Shutdown'])
/** "Too many requests were made consecutively to the same device token." */
const DEVICE_LIMITED = 'TooManyRequests'

/** The word APNs gives for a refusal, such as `BadDeviceToken`; empty when it gives none. */
const reasonOf = (body: string): string => {
  try {
    const { reason } = JSON.parse(body) as { reason?: unknown }
    return typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason) ? reason : ''
  } catch {
    return ''
  }
}

const snake = (word: string) =>
  word.replaceAll(/[A-Z]/g, (letter, at) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`)

/** `ownTopic`: the device came with a topic of its own, which then is to blame, rather than the account. */
const outcomeOf = (answer: HttpAnswer, ownTopic: boolean): Outcome => {
  const { status, headers, body } = answer
  if (status === 200) return { outcome: 'sent', id: headers['apns-id'] }
  const word = reasonOf(body)
  const [reason, detail] = [snake(word), oneLine(`HTTP ${status} ${word}`)]
  if (GONE.has(word) || (ownTopic && OF_TOPIC.has(word)))
    return { outcome: 'refused', reason, detail, forget: 'device' }
  if (OF_ACCOUNT.has(word)) return { outcome: 'account', reason, detail, afterMs: retryAfterMs(headers) }
  if (word === DEVICE_LIMITED)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      afterMs: retryAfterMs(headers),
    }
  if (PASSING.has(word)) return { outcome: 'retry', reason, detail, afterMs: retryAfterMs(headers) }
  const byStatus = outcomeOfStatus(answer, word)
  if (status === 410) return { outcome: 'refused', reason: 'unregistered', detail, forget: 'device' }
  return byStatus.outcome === 'refused' && word !== '' ? { ...byStatus, reason } : byStatus
}

/** The account says where to connect: if that is no place to go, another account may know a better one. */
const ofFailure = (error: unknown): Outcome => {
  const outcome = outcomeOfFailure(error)
  if (outcome.outcome !== 'refused') return outcome
  return { outcome: 'account', reason: outcome.reason, detail: outcome.detail }
}

/**
 * Apple's push service, spoken to directly: HTTP/2 with token authentication. A repeat replaces what the device shows,
 * so repeating does no harm.
 *
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
export const createApns = (limits: ApnsLimits): Provider<Config> => ({
  name: 'apns',
  channels: ['push'],
  config: Config,
  repeatable: true,
  concurrency: 500,
  needs: () => 'device',

  open: (config, { http }) => {
    const host = config.sandbox ? 'api.sandbox.push.apple.com' : 'api.push.apple.com'
    const endpoint = new URL(config.endpoint ?? `https://${host}`)
    const connection = apnsConnection({ endpoint, ca: config.ca, resolve: http.resolve, limits })
    const tokens = providerTokens(config)

    return {
      send: async (message, signal) => {
        const { token, topic = config.topic } = deviceOf('apns', message)
        const build = payload(message, config)
        const body = JSON.stringify(build(fitContent(message.content, PAYLOAD_MAX_BYTES, build)))
        const attempt = async (): Promise<Outcome> => {
          const provider = await tokens.get()
          const answer = await connection.request({
            path: `/3/device/${token}`,
            headers: headers(message, topic, provider.jwt),
            body,
            signal,
          })
          const expired = answer.status === 403 && reasonOf(answer.body) === 'ExpiredProviderToken'
          if (expired && tokens.renew(provider)) return attempt()
          return outcomeOf(answer, topic !== config.topic)
        }
        return attempt().catch(ofFailure)
      },

      verify: async () => {
        await tokens.get()
        await connection.ping()
      },

      close: async () => connection.close(),
    }
  },
})

export const apns = createApns({ timeoutMs: 15_000, pingMs: 20_000, pongMs: 5_000 })
