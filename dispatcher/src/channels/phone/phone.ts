import type {
  HttpAnswer,
  HttpRequest,
  Outcome,
  Outgoing,
  Report,
  Sender,
  Tools,
} from '@carillon/core/delivery/provider'
import type { Channel, SuppressionReason } from '@carillon/schemas'
import { oneLine, outcomeOfFailure, outcomeOfStatus, retryAfterMs } from '../outcome.ts'

/** A phone number as ITU-T E.164 has it, with the +. */
export const E164 = /^\+[1-9]\d{6,14}$/

/** What an error code of a provider comes to. */
export type Meaning = {
  outcome: 'retry' | 'refused' | 'account'
  reason: string
  /** Whom a rate limit concerns. */
  scope?: 'recipient' | 'account'
  forget?: SuppressionReason
}

/** Error codes by what they come to: the meaning of each. */
export const meanings = (
  entries: readonly (Meaning & { codes: readonly number[] })[],
): ReadonlyMap<number, Meaning> =>
  new Map(entries.flatMap(({ codes, ...meaning }) => codes.map((code) => [code, meaning] as const)))

/** The outcome of an answer that names an error: by the error if it is known, whatever the status, else by the status. */
export const outcomeOfError = (answer: HttpAnswer, meaning: Meaning | undefined, words: string): Outcome => {
  if (!meaning) return outcomeOfStatus(answer, words)
  const detail = oneLine(`HTTP ${answer.status} ${words}`)
  const afterMs = retryAfterMs(answer.headers)
  const { outcome, reason, scope, forget } = meaning
  if (outcome === 'refused') return { outcome, reason, detail, ...(forget ? { forget } : {}) }
  const asked = afterMs ? { afterMs } : {}
  return outcome === 'retry'
    ? { outcome, reason, detail, ...(scope ? { scope } : {}), ...asked }
    : { outcome, reason, detail, ...asked }
}

/** How a provider sends texts to phones, over HTTP. */
export type PhoneApi = {
  text(message: Outgoing): string
  /** The POST that sends a text that is not empty to an E.164 number. */
  request(to: string, text: string, message: Outgoing): HttpRequest
  outcome(answer: HttpAnswer): Outcome
  /** A request that shows whether the account works, and what is wrong with its answer, if anything is. */
  check: HttpRequest
  complaint(answer: HttpAnswer): string | undefined
}

/** A sender of texts. No answer to what was written is in doubt: none of these providers takes an idempotency key. */
export const phoneSender = ({ http }: Tools, api: PhoneApi): Sender => ({
  async send(message, signal) {
    const { address } = message
    if (address.kind !== 'phone' || !E164.test(address.phone))
      return { outcome: 'refused', reason: 'invalid_number', detail: 'the phone number is not E.164' }
    const text = api.text(message)
    if (text === '') return { outcome: 'refused', reason: 'empty', detail: 'there is no text to send' }
    try {
      return api.outcome(
        await http.request({ ...api.request(address.phone, text, message), method: 'POST', signal }),
      )
    } catch (error) {
      return outcomeOfFailure(error)
    }
  },
  async verify() {
    const complaint = api.complaint(await http.request({ ...api.check, method: 'GET' }))
    if (complaint !== undefined) throw new Error(complaint)
  },
  close: async () => {},
})

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE'])
const START = new Set(['START', 'YES', 'UNSTOP'])

/**
 * What somebody who answers wants, if their whole message is one of the usual words, which are those Twilio knows: no
 * more messages, or messages again. Case, spaces and punctuation do not matter: `Opt-out.` is one.
 */
export const wishOf = (text: string): 'stop' | 'start' | undefined => {
  const word = text.replaceAll(/[\s\p{P}]+/gu, '').toUpperCase()
  return STOP.has(word) ? 'stop' : START.has(word) ? 'start' : undefined
}

/** The report of such a wish; none without one, or from a sender that is no phone, such as a short code. */
export const wishReports = (
  wish: 'stop' | 'start' | undefined,
  { from, channels, at }: { from: string; channels: Channel[]; at: number },
): Report[] => {
  if (wish === undefined || !E164.test(from)) return []
  return wish === 'stop'
    ? [{ at, suppress: { channels, address: from, reason: 'stop' } }]
    : [{ at, restore: { channels, address: from } }]
}

/** The report of a message that failed; with whom to leave alone, where the provider knows of a stop that we do not. */
export const failedReport = (
  id: string,
  at: number,
  { meaning, otherwise }: { meaning: Meaning | undefined; otherwise: string },
  to: { phone: string; channels: Channel[] },
): Report => {
  const suppress =
    meaning?.forget !== undefined && E164.test(to.phone)
      ? { channels: to.channels, address: to.phone, reason: meaning.forget }
      : undefined
  return {
    id,
    state: 'failed',
    reason: meaning?.reason ?? otherwise,
    at,
    ...(suppress ? { suppress } : {}),
  }
}
