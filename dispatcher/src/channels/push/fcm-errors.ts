import type { Outcome } from '@carillon/core/delivery/provider'
import { oneLine } from '../outcome.ts'
import { notSentReason } from './fcm-agent.ts'
import { AccessTokenError } from './fcm-token.ts'

/** Delays for errors without `Retry-After`: https://firebase.google.com/docs/cloud-messaging/error-codes */
const QUOTA_MS = 60_000
const UNAVAILABLE_MS = 10_000
/** "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute' of service …" */
const PROJECT_QUOTA = /quota metric|project/i

const deviceGone = (reason: string, detail: string): Outcome => ({
  outcome: 'refused',
  reason,
  detail,
  forget: 'device',
})

/**
 * Maps an error of firebase-admin's `sendEach` to an outcome. `retryAfterMs` is the `Retry-After` of the
 * response, which the error lacks. The detail quotes only messages about the account, because others may
 * repeat content.
 */
export const outcomeOfFcmError = (
  { code, message }: { code: string; message: string },
  retryAfterMs?: number,
): Outcome => {
  const reason = code.replace(/^(messaging|app)\//, '').replaceAll('-', '_')
  const detail = oneLine(code)
  switch (code) {
    case 'messaging/registration-token-not-registered':
    case 'messaging/invalid-registration-token':
      return deviceGone('not_registered', detail)
    case 'messaging/invalid-argument':
      if (/registration token/i.test(message)) return deviceGone('invalid_token', detail)
      return { outcome: 'refused', reason, detail }
    case 'messaging/mismatched-credential':
      // The same code is used for a device of another project and for an account without permission to send.
      if (/sender ?id/i.test(message)) return deviceGone('other_sender', detail)
      return { outcome: 'account', reason: 'not_authorized', detail: oneLine(message) }
    case 'messaging/third-party-auth-error':
    case 'messaging/authentication-error':
      return { outcome: 'account', reason: 'not_authorized', detail: oneLine(message) }
    case 'messaging/message-rate-exceeded':
    case 'messaging/device-message-rate-exceeded':
      // The same code is used for the limit of a device and for the quota of the project, which names its
      // metric.
      return {
        outcome: 'retry',
        reason: 'rate_limited',
        detail,
        scope: PROJECT_QUOTA.test(message) ? 'account' : 'recipient',
        afterMs: retryAfterMs ?? QUOTA_MS,
      }
    case 'messaging/server-unavailable':
      return { outcome: 'retry', reason: 'provider_error', detail, afterMs: retryAfterMs ?? UNAVAILABLE_MS }
    case 'messaging/internal-error':
    case 'messaging/unknown-error':
      return { outcome: 'retry', reason: 'provider_error', detail, afterMs: retryAfterMs }
    case 'app/network-error':
    case 'app/network-timeout': {
      const notSent = notSentReason(message)
      if (notSent === 'refused_target')
        return { outcome: 'account', reason: notSent, detail: oneLine(message) }
      if (notSent !== undefined) return { outcome: 'retry', reason: notSent, detail: oneLine(message) }
      return {
        outcome: 'doubt',
        reason: code === 'app/network-timeout' ? 'timeout' : 'broken',
        detail: oneLine(message),
      }
    }
    case 'app/unable-to-parse-response':
      return { outcome: 'doubt', reason, detail }
    default:
      return { outcome: 'refused', reason, detail }
  }
}

/** Maps a failure to get an access token to an outcome. No message was sent. */
export const outcomeOfTokenError = (error: unknown): Outcome => {
  if (!(error instanceof AccessTokenError)) throw error
  const { status = 0, message } = error
  const detail = oneLine(`cannot get an access token: ${message}`)
  const notSent = notSentReason(message)
  if (notSent === 'refused_target') return { outcome: 'account', reason: notSent, detail }
  const rejected = status >= 400 && status < 500 && status !== 408 && status !== 429
  return rejected
    ? { outcome: 'account', reason: 'not_authorized', detail }
    : { outcome: 'retry', reason: notSent ?? 'no_access_token', detail }
}
