import type { Outcome, Report } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import type { Channel, SuppressionReason } from '@carillon/schemas'
import { oneLine, outcomeOfStatus, retryAfterMs } from '../outcome.ts'
import { E164 } from './sender.ts'

/** The meaning of a provider's error code. */
export type ErrorMeaning = {
  outcome: 'retry' | 'refused' | 'account'
  reason: string
  /** Whether a rate limit applies to the recipient or to the whole account. */
  scope?: 'recipient' | 'account'
  /** Suppresses the recipient for this reason. */
  forget?: SuppressionReason
}

/** Builds a lookup table from error code to meaning. */
export const errorTable = (
  entries: readonly (ErrorMeaning & { codes: readonly number[] })[],
): ReadonlyMap<number, ErrorMeaning> =>
  new Map(entries.flatMap(({ codes, ...meaning }) => codes.map((code) => [code, meaning] as const)))

/**
 * Maps an error response to an outcome: by the meaning of its error code if that is known, otherwise by its status.
 * `text` describes the error without addresses, secrets or content.
 */
export const outcomeOfError = (
  answer: HttpAnswer,
  meaning: ErrorMeaning | undefined,
  text: string,
): Outcome => {
  if (!meaning) return outcomeOfStatus(answer, text)
  const detail = oneLine(`HTTP ${answer.status} ${text}`)
  const afterMs = retryAfterMs(answer.headers)
  const { outcome, reason, scope, forget } = meaning
  if (outcome === 'refused') return { outcome, reason, detail, ...(forget ? { forget } : {}) }
  const delay = afterMs ? { afterMs } : {}
  return outcome === 'retry'
    ? { outcome, reason, detail, ...(scope ? { scope } : {}), ...delay }
    : { outcome, reason, detail, ...delay }
}

/**
 * Builds the report of a failed message; `fallback` is the reason if the error code is unknown. The report suppresses the
 * recipient if the error code says that they opted out at the provider.
 */
export const failedReport = (
  id: string,
  at: number,
  { meaning, fallback }: { meaning: ErrorMeaning | undefined; fallback: string },
  to: { phone: string; channels: Channel[] },
): Report => {
  const suppress =
    meaning?.forget !== undefined && E164.test(to.phone)
      ? { channels: to.channels, address: to.phone, reason: meaning.forget }
      : undefined
  return {
    id,
    state: 'failed',
    reason: meaning?.reason ?? fallback,
    at,
    ...(suppress ? { suppress } : {}),
  }
}
