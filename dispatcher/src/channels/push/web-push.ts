import type {
  Content,
  HttpAnswer,
  Outcome,
  Outgoing,
  Provider,
  Tools,
} from '@carillon/core/delivery/provider'
import { PUSH_SERVICES, pushOriginAllowed } from '@carillon/core/delivery/push-services'
import type { Priority, PushMessage } from '@carillon/schemas'
import webpush from 'web-push'
import { z } from 'zod'
import { forRecipient, oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { deviceOf, fitContent, replaceKey, secondsLeft } from './push-content.ts'
import { isVapidPair, vapidSigner } from './web-push-vapid.ts'

const ORIGIN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$|^https?:\/\/[^/?#@]+$/

const Config = z
  .strictObject({
    publicKey: z.string().optional().describe("VAPID keys in place of the tenant's own, base64url"),
    privateKey: z.string().optional(),
    subject: z
      .string()
      .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'must be a mailto: or https: URL')
      .optional()
      .describe('Whom push services turn to; Apple takes no localhost'),
    origins: z
      .array(z.string().regex(ORIGIN, 'must be a host, *.host or an origin'))
      .default([...PUSH_SERVICES])
      .describe('The push services that may be used'),
  })
  .superRefine(({ publicKey, privateKey }, { addIssue }) => {
    if (publicKey === undefined && privateKey === undefined) return
    const issue = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message })
    if (publicKey === undefined) issue('publicKey', 'is missing: it goes with privateKey')
    else if (privateKey === undefined) issue('privateKey', 'is missing: it goes with publicKey')
    else if (!isVapidPair({ publicKey, privateKey })) issue('privateKey', 'is not the key of publicKey')
  })
type Config = z.infer<typeof Config>

/** What RFC 8291 leaves of 4096 bytes: less a header of 86, a delimiter and a tag of 16. */
const PLAINTEXT_MAX_BYTES = 3_993

const URGENCY: Record<Priority, string> = { critical: 'high', high: 'high', normal: 'normal', low: 'low' }

/** Apple refuses subjects that it thinks reach nobody, such as those of localhost. */
const defaultSubject = (publicUrl?: string): string =>
  publicUrl?.startsWith('https://') && !/^https:\/\/(localhost|[\d.]+|\[.*\])([:/]|$)/.test(publicUrl)
    ? publicUrl
    : 'mailto:carillon@example.com'

/** What client-sdk's service worker shows. */
const payload =
  (message: Outgoing) =>
  ({ title, body, url, image, actions, data }: Content): PushMessage => ({
    title,
    body,
    url,
    image,
    tag: message.item ?? message.key,
    notification: message.notification,
    actions,
    data,
  })

/** Undefined when the keys are no keys: 65 bytes need not be a point on the curve. */
const encrypted = (keys: { p256dh: string; auth: string }, plaintext: string): Buffer | undefined => {
  try {
    return webpush.encrypt(keys.p256dh, keys.auth, plaintext, 'aes128gcm').cipherText
  } catch {
    return undefined
  }
}

/** Apple, Mozilla and Google, in this order, about a subscription that was made for other VAPID keys. */
const OTHER_KEYS =
  /VapidPkHashMismatch|VAPID public key mismatch|do not correspond to the credentials used to create/

/** A push service's own code for a refusal, when it has one that says nothing about anybody. */
const codeOf = (body: string): string => {
  try {
    const { reason, errno } = JSON.parse(body) as { reason?: unknown; errno?: unknown }
    if (typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason)) return reason
    return typeof errno === 'number' ? `errno ${errno}` : ''
  } catch {
    return ''
  }
}

/** RFC 8030 names the created message in `Location`; its last part is all that is not the same every time. */
const idOf = (headers: Record<string, string>): string | undefined => {
  const id = headers['apns-id'] ?? headers.location?.slice(headers.location.lastIndexOf('/') + 1)
  return id !== undefined && /^[\x21-\x7e]{1,255}$/.test(id) ? id : undefined
}

const outcomeOf = (answer: HttpAnswer): Outcome => {
  const { status, headers, body } = answer
  if (status >= 200 && status < 300) return { outcome: 'sent', id: idOf(headers) }
  const detail = oneLine(`HTTP ${status} ${codeOf(body)}`)
  if (status === 404 || status === 410)
    return { outcome: 'refused', reason: 'unsubscribed', detail, forget: 'device' }
  if ((status === 400 || status === 401 || status === 403) && OTHER_KEYS.test(body))
    return { outcome: 'refused', reason: 'subscribed_with_other_keys', detail, forget: 'device' }
  if (status === 413) return { outcome: 'refused', reason: 'too_large', detail }
  // Microsoft's answer to too many messages for one channel.
  if (status === 406)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      afterMs: retryAfterMs(headers),
    }
  // RFC 8030, section 8.4: a 429 limits the messages to one push resource.
  return forRecipient(outcomeOfStatus(answer, codeOf(body)))
}

/**
 * Browsers' push services: Web Push (RFC 8030), encrypted (RFC 8291), with VAPID (RFC 8292). A repeat replaces what
 * waits at the service (`Topic`) or shows on the device (`tag`), so repeating does no harm.
 */
export const webPush: Provider<Config> = {
  name: 'web-push',
  channels: ['push'],
  config: Config,
  repeatable: true,
  concurrency: 128,
  needs: () => 'device',

  open: (config, { http, vapid, publicUrl }: Tools) => {
    const { publicKey = vapid.publicKey, privateKey = vapid.privateKey, origins } = config
    const authorization = vapidSigner({ publicKey, privateKey }, config.subject ?? defaultSubject(publicUrl))

    const plaintext = (message: Outgoing): string => {
      const build = payload(message)
      return JSON.stringify(build(fitContent(message.content, PLAINTEXT_MAX_BYTES, build)))
    }

    return {
      send: async (message, signal) => {
        const { endpoint, keys } = deviceOf('web-push', message)
        if (!pushOriginAllowed(endpoint, origins)) {
          const detail = 'the endpoint is of no push service that may be used'
          return { outcome: 'refused', reason: 'endpoint_not_allowed', detail }
        }
        const body = encrypted(keys, plaintext(message))
        if (body === undefined) {
          const detail = 'the keys of the subscription are none'
          return { outcome: 'refused', reason: 'invalid_keys', detail, forget: 'device' }
        }
        const headers = {
          authorization: authorization(new URL(endpoint).origin),
          'content-type': 'application/octet-stream',
          'content-encoding': 'aes128gcm',
          ttl: String(secondsLeft(message)),
          urgency: URGENCY[message.priority],
          topic: replaceKey(message),
        }
        return http
          .request({ method: 'POST', url: endpoint, headers, body, signal })
          .then(outcomeOf, outcomeOfFailure)
      },

      verify: async () => {
        if (!isVapidPair({ publicKey, privateKey }))
          throw new Error('the VAPID keys are no pair: set publicKey and privateKey as they were generated')
      },

      close: async () => undefined,
    }
  },
}
