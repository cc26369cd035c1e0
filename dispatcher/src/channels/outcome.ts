import { type HttpAnswer, HttpFailure, type Outcome } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'

/** The longest `Retry-After` that is read; what it leads to is capped further by whoever retries. */
const AFTER_MAX_MS = 24 * 3_600_000

/** `Retry-After` (RFC 9110, section 10.2.3), seconds or a date, in ms from now; at most a day. */
export const retryAfterMs = (headers: Record<string, string>): number | undefined => {
  const given = headers['retry-after']
  if (given === undefined) return undefined
  const ms = /^\d+$/.test(given) ? Number(given) * 1_000 : Date.parse(given) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, AFTER_MAX_MS) : undefined
}

/** What is read of what a provider says, and what is kept of it. */
const READ_MAX = 1_000
const DETAIL_MAX = 200

/**
 * Returns one printable line of at most 200 characters, for the `detail` of an outcome. E-mail addresses, phone numbers and
 * all but the origin of URLs, which may hold secrets, are replaced.
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

/**
 * Maps an answer to an outcome by its status alone, for providers without error codes of their own. A 429 concerns the
 * account. `words` is what the provider said, if that holds no address, secret or content.
 */
export const outcomeOfStatus = (answer: HttpAnswer, words = ''): Outcome => {
  const { status, headers } = answer
  const detail = oneLine(`HTTP ${status} ${words}`)
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

/** The same outcome, of which a rate limit concerns the recipient alone. */
export const forRecipient = (outcome: Outcome): Outcome =>
  outcome.outcome === 'retry' && outcome.reason === 'rate_limited'
    ? { ...outcome, scope: 'recipient' }
    : outcome

/** What no answer means: tried again if the request cannot have arrived, else in doubt. Throws what is a fault of ours. */
export const outcomeOfFailure = (error: unknown): Outcome => {
  if (!(error instanceof HttpFailure)) throw error
  const { reason, sent } = error
  const detail = oneLine(error.message)
  if (reason === 'refused_target') return { outcome: 'refused', reason, detail }
  return sent ? { outcome: 'doubt', reason, detail } : { outcome: 'retry', reason, detail }
}
