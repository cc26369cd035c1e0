import type { Content, Outcome, Outgoing, Provider, Tools } from '@carillon/core/delivery/provider'
import { pushKey } from '@carillon/core/delivery/push-key'
import { PUSH_SERVICES, pushOriginAllowed } from '@carillon/core/delivery/push-services'
import type { HttpAnswer } from '@carillon/core/http/port'
import type { Priority, PushMessage } from '@carillon/schemas'
import webpush from 'web-push'
import { z } from 'zod'
import { forRecipient, oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { fitContent } from './fit-content.ts'
import { deviceOf, groupKey, secondsLeft } from './message-fields.ts'
import { isVapidPair, vapidSigner } from './web-push-vapid.ts'

const ORIGIN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$|^https?:\/\/[^/?#@]+$/

const WebPushConfig = z
  .strictObject({
    publicKey: z.string().optional().describe("A VAPID public key that replaces the tenant's own, base64url"),
    privateKey: z.string().optional().describe('The private key of that VAPID key pair, base64url'),
    subject: z
      .string()
      .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'must be a mailto: or https: URL')
      .optional()
      .describe('The contact for push services. Apple rejects localhost'),
    origins: z
      .array(z.string().regex(ORIGIN, 'must be a host, *.host or an origin'))
      .default([...PUSH_SERVICES])
      .describe('The allowed push services'),
  })
  .superRefine(({ publicKey, privateKey }, { addIssue }) => {
    if (publicKey === undefined && privateKey === undefined) return
    const issue = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message })
    if (publicKey === undefined) issue('publicKey', 'is missing: privateKey requires it')
    else if (privateKey === undefined) issue('privateKey', 'is missing: publicKey requires it')
    else if (!isVapidPair({ publicKey, privateKey })) issue('privateKey', 'does not match publicKey')
  })
type WebPushConfig = z.infer<typeof WebPushConfig>

/** The limit of RFC 8291: 4096 bytes less 86 for the header, 1 for the delimiter and 16 for the tag. */
const PLAINTEXT_MAX_BYTES = 3_993

const URGENCY: Record<Priority, string> = { critical: 'high', high: 'high', normal: 'normal', low: 'low' }

/** Apple rejects subjects that it considers unreachable, such as localhost. */
const defaultSubject = (publicUrl?: string): string =>
  publicUrl?.startsWith('https://') && !/^https:\/\/(localhost|[\d.]+|\[.*\])([:/]|$)/.test(publicUrl)
    ? publicUrl
    : 'mailto:carillon@example.com'

/** Builds the payload that client-sdk's service worker displays. */
const payload =
  (message: Outgoing) =>
  ({ title, body, url, image, actions, data }: Content): PushMessage => ({
    title,
    body,
    url,
    image,
    tag: message.item ?? message.key,
    group: groupKey(message),
    notification: message.notification,
    item: message.item,
    actions,
    data,
    badge: message.push?.badge,
    report: message.push?.token,
  })

/**
 * Encrypts the payload. Returns undefined if the keys are invalid, because not all strings of 65 bytes are
 * points on the curve.
 */
const encrypt = (keys: { p256dh: string; auth: string }, plaintext: string): Buffer | undefined => {
  try {
    return webpush.encrypt(keys.p256dh, keys.auth, plaintext, 'aes128gcm').cipherText
  } catch {
    return undefined
  }
}

/** The errors of Apple, Mozilla and Google for a subscription that was created with other VAPID keys. */
const OTHER_KEYS =
  /VapidPkHashMismatch|VAPID public key mismatch|do not correspond to the credentials used to create/

/** Returns the push service's error code; empty if the response has no code that is safe to log. */
const codeOf = (body: string): string => {
  try {
    const { reason, errno } = JSON.parse(body) as { reason?: unknown; errno?: unknown }
    if (typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason)) return reason
    return typeof errno === 'number' ? `errno ${errno}` : ''
  } catch {
    return ''
  }
}

/** Returns the message id: `apns-id`, or the last path segment of `Location` (RFC 8030). */
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
  // Microsoft's rate limit for one subscription.
  if (status === 406)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      detail,
      scope: 'recipient',
      afterMs: retryAfterMs(headers),
    }
  // A 429 limits the messages to one subscription (RFC 8030, section 8.4).
  return forRecipient(outcomeOfStatus(answer, codeOf(body)))
}

/**
 * Web Push (RFC 8030) with encryption (RFC 8291) and VAPID (RFC 8292). Repeated sends are deduplicated: the later one
 * replaces the earlier one at the push service (`Topic`) and on the device (`tag`).
 */
export const webPush: Provider<WebPushConfig> = {
  name: 'web-push',
  channels: ['push'],
  config: WebPushConfig,
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
          const detail = 'the endpoint does not belong to an allowed push service'
          return { outcome: 'refused', reason: 'endpoint_not_allowed', detail }
        }
        const body = encrypt(keys, plaintext(message))
        if (body === undefined) {
          const detail = 'the keys of the subscription are invalid'
          return { outcome: 'refused', reason: 'invalid_keys', detail, forget: 'device' }
        }
        const headers = {
          authorization: authorization(new URL(endpoint).origin),
          'content-type': 'application/octet-stream',
          'content-encoding': 'aes128gcm',
          ttl: String(secondsLeft(message)),
          urgency: URGENCY[message.priority],
          topic: pushKey(message),
        }
        return http
          .request({ method: 'POST', url: endpoint, headers, body, signal })
          .then(outcomeOf, outcomeOfFailure)
      },

      verify: async () => {
        if (!isVapidPair({ publicKey, privateKey }))
          throw new Error(
            'the VAPID keys are not a key pair: set publicKey and privateKey as they were generated',
          )
      },

      close: async () => undefined,
    }
  },
}
