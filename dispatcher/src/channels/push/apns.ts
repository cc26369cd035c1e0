import { createPrivateKey } from 'node:crypto'
import type { Outcome, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { pushKey } from '@carillon/core/delivery/push-key'
import type { HttpAnswer } from '@carillon/core/http/port'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import { WebUrl } from '@carillon/schemas'
import { z } from 'zod'
import { oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { apnsConnection } from './apns-connection.ts'
import { apnsMessage } from './apns-message.ts'
import type { ApnsLimits } from './apns-session.ts'
import { providerTokens } from './apns-token.ts'
import { UPDATE_KEY } from './fcm-message.ts'
import { deviceOf } from './message-fields.ts'

const isP256 = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

const ApnsConfig = z.strictObject({
  key: z
    .string()
    .refine(isP256, 'must be the .p8 file of an APNs key (PEM)')
    .describe('The .p8 file of an APNs key'),
  keyId: z.string().regex(/^[A-Z0-9]{10}$/, 'must be ten capital letters and digits'),
  teamId: z.string().regex(/^[A-Z0-9]{10}$/, 'must be ten capital letters and digits'),
  topic: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,255}$/, 'must be the bundle id of an app')
    .describe("The app's bundle id"),
  sandbox: z
    .boolean()
    .default(false)
    .describe('Uses the sandbox environment, for apps that were installed by Xcode'),
  sound: z.string().min(1).max(64).default('default').describe('The sound to play. Low priority plays none'),
  endpoint: WebUrl.regex(/^https:/, 'must be an https URL')
    .optional()
    .describe('Used instead of https://api.push.apple.com'),
  ca: z.string().optional().describe('The CA certificate of the endpoint (PEM)'),
})
type ApnsConfig = z.infer<typeof ApnsConfig>

const headers = (message: Outgoing, topic: string, jwt: string): Record<string, string> => ({
  authorization: `bearer ${jwt}`,
  'apns-topic': topic,
  'apns-push-type': message.update ? 'background' : 'alert',
  'apns-priority': message.priority === 'critical' || message.priority === 'high' ? '10' : '5',
  'apns-expiration': String(Math.floor(message.expiresAt / 1_000)),
  'apns-collapse-id': message.update ? UPDATE_KEY : pushKey(message),
  'apns-id': derivedUuid7(message.at, message.key),
})

/** Error reasons: https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const DEVICE_GONE = new Set(['BadDeviceToken', 'Unregistered', 'ExpiredToken', 'DeviceTokenNotForTopic'])
const TOPIC = new Set(['BadTopic', 'TopicDisallowed'])
const ACCOUNT = new Set([
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
const TEMPORARY = new Set(['IdleTimeout', 'InternalServerError', 'ServiceUnavailable', 'Shutdown'])
/** "Too many requests were made consecutively to the same device token." */
const DEVICE_RATE_LIMIT = 'TooManyRequests'

/** Returns the reason in an error response, such as `BadDeviceToken`; empty if there is none. */
const reasonOf = (body: string): string => {
  try {
    const { reason } = JSON.parse(body) as { reason?: unknown }
    return typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason) ? reason : ''
  } catch {
    return ''
  }
}

const snakeCase = (text: string) =>
  text.replaceAll(/[A-Z]/g, (letter, at) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`)

/**
 * Maps a response to an outcome. `ownTopic`: the topic belongs to the device, so topic errors are not the
 * account's fault.
 */
const outcomeOf = (answer: HttpAnswer, ownTopic: boolean): Outcome => {
  const { status, headers, body } = answer
  if (status === 200) return { outcome: 'sent', id: headers['apns-id'] }
  const apnsReason = reasonOf(body)
  const [reason, detail] = [snakeCase(apnsReason), oneLine(`HTTP ${status} ${apnsReason}`)]
  if (DEVICE_GONE.has(apnsReason) || (ownTopic && TOPIC.has(apnsReason)))
    return { outcome: 'refused', reason, detail, forget: 'device' }
  if (ACCOUNT.has(apnsReason)) return { outcome: 'account', reason, detail, afterMs: retryAfterMs(headers) }
  if (apnsReason === DEVICE_RATE_LIMIT)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      afterMs: retryAfterMs(headers),
    }
  if (TEMPORARY.has(apnsReason)) return { outcome: 'retry', reason, detail, afterMs: retryAfterMs(headers) }
  const byStatus = outcomeOfStatus(answer, apnsReason)
  if (status === 410) return { outcome: 'refused', reason: 'unregistered', detail, forget: 'device' }
  return byStatus.outcome === 'refused' && apnsReason !== '' ? { ...byStatus, reason } : byStatus
}

/** A refused address is the account's fault, because the account configures the endpoint. */
const outcomeOfApnsFailure = (error: unknown): Outcome => {
  const outcome = outcomeOfFailure(error)
  if (outcome.outcome !== 'refused') return outcome
  return { outcome: 'account', reason: outcome.reason, detail: outcome.detail }
}

/**
 * Creates the provider for Apple Push Notification service, over HTTP/2 with token authentication. Repeated sends are
 * deduplicated by the device: the later one replaces the earlier one.
 *
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
export const createApns = (limits: ApnsLimits): Provider<ApnsConfig> => ({
  name: 'apns',
  channels: ['push'],
  config: ApnsConfig,
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
        const body = JSON.stringify(apnsMessage(message, config.sound))
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
        return attempt().catch(outcomeOfApnsFailure)
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
