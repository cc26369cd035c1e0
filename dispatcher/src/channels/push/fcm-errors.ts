import type { Outcome } from '@carillon/core/delivery/provider'
import { oneLine } from '../outcome.ts'
import { notSent } from './fcm-agent.ts'
import { NoAccessToken } from './fcm-token.ts'

/** What FCM asks senders to wait when it does not say: https://firebase.google.com/docs/cloud-messaging/error-codes */
const QUOTA_MS = 60_000
const UNAVAILABLE_MS = 10_000
/** "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute' of service …" */
const PROJECT_QUOTA = /quota metric|project/i

const gone = (reason: string, detail: string): Outcome => ({
  outcome: 'refused',
  reason,
  detail,
  forget: 'device',
})

/**
 * What an error of firebase-admin's `sendEach` means for its message. `askedMs`: the `Retry-After` of the answer, which
 * the error does not hold. Of its words only those about the account are shown: others may repeat content.
 */
export const outcomeOfFcmError = (
  { code, message }: { code: string; message: string },
  askedMs?: number,
): Outcome => {
  const word = code.replace(/^(messaging|app)\//, '')
  const reason = word.replaceAll('-', '_')
  const detail = oneLine(code)
  switch (code) {
    case 'messaging/registration-token-not-registered':
    case 'messaging/invalid-registration-token':
      return gone('not_registered', detail)
    case 'messaging/invalid-argument':
      if (/registration token/i.test(message)) return gone('invalid_token', detail)
      return { outcome: 'refused', reason, detail }
    case 'messaging/mismatched-credential':
      // One code for a device of another project and for an account that may not send at all.
      if (/sender ?id/i.test(message)) return gone('other_sender', detail)
      return { outcome: 'account', reason: 'not_authorized', detail: oneLine(message) }
    case 'messaging/third-party-auth-error':
    case 'messaging/authentication-error':
      return { outcome: 'account', reason: 'not_authorized', detail: oneLine(message) }
    case 'messaging/message-rate-exceeded':
    case 'messaging/device-message-rate-exceeded':
      // One code for the limit of a device and the quota of the project, which names its metric.
      return {
        outcome: 'retry',
        reason: 'rate_limited',
        detail,
        scope: PROJECT_QUOTA.test(message) ? 'account' : 'recipient',
        afterMs: askedMs ?? QUOTA_MS,
      }
    case 'messaging/server-unavailable':
      return { outcome: 'retry', reason: 'provider_error', detail, afterMs: askedMs ?? UNAVAILABLE_MS }
    case 'messaging/internal-error':
    case 'messaging/unknown-error':
      return { outcome: 'retry', reason: 'provider_error', detail, afterMs: askedMs }
    case 'app/network-error':
    case 'app/network-timeout': {
      const before = notSent(message)
      if (before === 'refused_target') return { outcome: 'account', reason: before, detail: oneLine(message) }
      if (before !== undefined) return { outcome: 'retry', reason: before, detail: oneLine(message) }
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

/** What it means that there is no access token: nothing has been sent. */
export const outcomeOfTokenError = (error: unknown): Outcome => {
  if (!(error instanceof NoAccessToken)) throw error
  const { status = 0, message } = error
  const detail = oneLine(`no access token: ${message}`)
  const before = notSent(message)
  if (before === 'refused_target') return { outcome: 'account', reason: before, detail }
  const refused = status >= 400 && status < 500 && status !== 408 && status !== 429
  return refused
    ? { outcome: 'account', reason: 'not_authorized', detail }
    : { outcome: 'retry', reason: before ?? 'no_access_token', detail }
}
