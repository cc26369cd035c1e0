import type { Outcome } from '@carillon/core/delivery/provider'
import { type HttpAnswer, HttpFailure } from '@carillon/core/http/port'
import { cut } from '@carillon/schemas'

/** Longer `Retry-After` values are capped to this; the retry policy may cap them further. */
const RETRY_AFTER_MAX_MS = 24 * 3_600_000

/** Parses `Retry-After` (RFC 9110, section 10.2.3), seconds or a date, into ms from now; at most a day. */
export const retryAfterMs = (headers: Record<string, string>): number | undefined => {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : undefined
}

/** Number of characters that are read of a provider's text, and number that are kept. */
const READ_MAX = 1_000
const DETAIL_MAX = 200

/**
 * Returns one printable line of at most 200 characters, for the `detail` of an outcome. E-mail addresses and
 * phone numbers are replaced, and so is everything after the origin of a URL, because it may contain secrets.
 */
export const oneLine = (text: string): string =>
  cut(
    text
      .slice(0, READ_MAX)
      .replaceAll(/[\p{C}\s]+/gu, ' ')
      .replaceAll(/(\bhttps?:\/\/)(?:[^\s/?#@]*@)?([^\s/?#]*)[/?#]\S*/gi, '$1$2/…')
      .replaceAll(/[^\s<>()]{1,64}@[^\s<>()]{1,255}/g, '…')
      .replaceAll(/\+\d[\d ()-]{5,18}\d|\b\d{9,15}\b/g, '…')
      .trim(),
    DETAIL_MAX,
  )

/** The outcome of a message without any text. */
export const NO_TEXT: Outcome = { outcome: 'refused', reason: 'empty', detail: 'the message has no text' }

/**
 * Maps a success response to an outcome. Without a message id the outcome is in doubt, because the response may come from
 * something other than the provider, such as a proxy.
 */
export const outcomeOfSuccess = (id: string | undefined): Outcome =>
  id === undefined
    ? { outcome: 'doubt', reason: 'unreadable_answer', detail: 'the response has no message id' }
    : { outcome: 'sent', id }

/**
 * Maps a response to an outcome by its status alone, for responses without a known error code. A 429 applies
 * to the account. `text` is added to the detail; it must not contain addresses, secrets or content.
 */
export const outcomeOfStatus = (answer: HttpAnswer, text = ''): Outcome => {
  const { status, headers } = answer
  const detail = oneLine(`HTTP ${status} ${text}`)
  const afterMs = retryAfterMs(headers)
  if (status >= 200 && status < 300) return { outcome: 'sent' }
  if (status === 429) return { outcome: 'retry', reason: 'rate_limited', detail, scope: 'account', afterMs }
  if (status === 408 || status === 425 || status >= 500)
    return { outcome: 'retry', reason: 'provider_error', detail, afterMs }
  if (status === 401 || status === 402 || status === 403)
    return { outcome: 'account', reason: 'not_authorized', detail }
  if (status >= 300 && status < 400)
    return { outcome: 'refused', reason: 'redirected', detail: `${detail}: redirects are not followed` }
  return { outcome: 'refused', reason: 'refused', detail }
}

/** Returns the same outcome, but a rate limit applies to the recipient only. */
export const forRecipient = (outcome: Outcome): Outcome =>
  outcome.outcome === 'retry' && outcome.reason === 'rate_limited'
    ? { ...outcome, scope: 'recipient' }
    : outcome

/**
 * Maps a failed request to an outcome: `retry` if it was never sent, otherwise `doubt`. Rethrows any error that is not an
 * `HttpFailure`.
 */
export const outcomeOfFailure = (error: unknown): Outcome => {
  if (!(error instanceof HttpFailure)) throw error
  const { reason, sent } = error
  const detail = oneLine(error.message)
  if (reason === 'refused_target') return { outcome: 'refused', reason, detail }
  return sent ? { outcome: 'doubt', reason, detail } : { outcome: 'retry', reason, detail }
}
