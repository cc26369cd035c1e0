import { HttpFailure, type Outcome } from '@carillon/core/delivery/provider'
import type { SuppressionReason } from '@carillon/schemas'
import { oneLine } from '../outcome.ts'
import { connectAdvice, type SmtpError, smtpAdvice } from './smtp-advice.ts'

/** Errors of the connection, not of a message. */
const CONNECTION = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EPROTOCOL', 'EABORT'])
/** Replies that ask for, or refuse, credentials (RFC 4954, section 6). */
const CREDENTIALS = new Set([530, 534, 535, 538])
/** What a reply without an enhanced code says when it is not the mailbox that is missing. */
const POLICY = /block|black ?list|\blisted\b|spam|policy|denied|reputation|not allowed/i
const ASKED_MAX_MS = 6 * 3_600_000

/** What the settings lack, if the failure shows that, and what the server or nodemailer said. */
const detailOf = (error: SmtpError): string => {
  const { code = '', command = '', response, reason, message } = error
  const fault = reason !== undefined && message.includes(':error:') ? reason : message
  const words = response ? `${command} ${response}` : `${code} ${fault}`
  const advice = smtpAdvice(error)
  return oneLine(advice === undefined ? words : `${advice} (${words})`)
}

/** "Try again in 300 seconds", as greylists say. */
const askedMs = (response: string): number | undefined => {
  const [, count, unit] = /\b(?:in|after|for) (\d{1,5}) ?(s|m)/i.exec(response) ?? []
  if (count === undefined) return undefined
  return Math.min(Number(count) * (unit?.toLowerCase() === 'm' ? 60_000 : 1_000), ASKED_MAX_MS)
}

/** Words for a limit, and those that say whose it is: "Throttling failure: Maximum sending rate exceeded" (Amazon SES). */
const LIMIT = /throttl|\brate\b|too (many|quickly|fast)/i
const OF_SENDER =
  /throttling failure|sending rate|too many (concurrent |simultaneous )?(connections|messages|sessions)/i
/** Exchange Online's "server busy" and its limits on the sending address. */
const OF_SENDER_STATUS = /^4\.7\.[56]\d\d$/

/**
 * Whom a temporary refusal concerns: the recipient if it answers their address or their mail with a status of the mailbox
 * (4.2.x), the route to it (4.4.x) or a policy (4.7.x); the account if it closes the connection (421) or refuses the sender.
 * Undefined for a fault of the server itself, such as 4.3.x.
 */
const scopeOf = ({ command = '', response = '', responseCode }: SmtpError, status: string) => {
  const limit = status.startsWith('4.7.') || LIMIT.test(response)
  if (responseCode === 421 || OF_SENDER.test(response) || OF_SENDER_STATUS.test(status))
    return limit ? 'account' : undefined
  const ofRecipient = command === 'RCPT TO' || command === 'DATA'
  if (!ofRecipient) return limit ? 'account' : undefined
  if (status !== '') return status.startsWith('4.3.') ? undefined : 'recipient'
  return command === 'RCPT TO' || responseCode === 450 || responseCode === 452 ? 'recipient' : undefined
}

const temporary = (error: SmtpError, status: string): Outcome => {
  const response = error.response ?? ''
  const scope = scopeOf(error, status)
  const greylisted = /gr[ea]y ?list/i.test(response)
  const full = status === '4.2.2' || (status === '' && error.responseCode === 452)
  const limited = status.startsWith('4.7.') || LIMIT.test(response)
  const reason = greylisted ? 'greylisted' : full ? 'mailbox_full' : limited ? 'rate_limited' : 'deferred'
  const afterMs = askedMs(response)
  return {
    outcome: 'retry',
    reason,
    detail: detailOf(error),
    ...(scope ? { scope } : {}),
    ...(afterMs ? { afterMs } : {}),
  }
}

const permanent = (error: SmtpError, status: string): Outcome => {
  const { command = '', response = '', responseCode = 0 } = error
  const detail = detailOf(error)
  const refused = (reason: string, forget?: SuppressionReason): Outcome => ({
    outcome: 'refused',
    reason,
    detail,
    ...(forget ? { forget } : {}),
  })
  if (status === '5.2.2') return refused('mailbox_full')
  // Many servers say at RCPT what they have against the sender.
  const ofSender = command === 'MAIL FROM' || /^5\.1\.[78]$/.test(status) || /\bsender\b/i.test(response)
  if (ofSender && command !== 'DATA')
    return responseCode === 552 || /^5\.(2\.3|3\.4)$/.test(status)
      ? refused('too_large')
      : { outcome: 'account', reason: 'sender_refused', detail }
  // The address does not exist (5.1.x, 5.2.1): servers that only say 550, 551 or 553 to RCPT mean the same.
  if (/^5\.(1\.[0-69]|1\.10|2\.1)$/.test(status)) return refused('no_such_mailbox', 'bounce')
  if (command === 'RCPT TO') {
    if (/relay/i.test(response)) return { outcome: 'account', reason: 'relay_denied', detail }
    const unknown = status === '' && [550, 551, 553].includes(responseCode) && !POLICY.test(response)
    return unknown ? refused('no_such_mailbox', 'bounce') : refused('recipient_refused')
  }
  return refused(/^5\.(2\.3|3\.4)$/.test(status) ? 'too_large' : 'content_refused')
}

/**
 * What an error of nodemailer's means, by the stage it happened in and the reply (RFC 5321, section 4.2) with its enhanced
 * status code (RFC 3463). `handedOver`: whether the message had been written to its end, after which a server that falls
 * silent may have taken it. Throws what is a fault of ours.
 */
export const outcomeOfSmtp = (thrown: unknown, handedOver: boolean): Outcome => {
  if (thrown instanceof HttpFailure) {
    const outcome = thrown.reason === 'refused_target' ? 'account' : 'retry'
    return { outcome, reason: thrown.reason, detail: oneLine(`${thrown.message}: ${connectAdvice(thrown)}`) }
  }
  if (!(thrown instanceof Error)) throw thrown
  const error: SmtpError = thrown
  const { code = '', originalCode = '', response = '', responseCode } = error
  const detail = detailOf(error)
  const status = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})/.exec(response)?.[1] ?? ''

  if (code === 'EAUTH' || (responseCode !== undefined && CREDENTIALS.has(responseCode)))
    return responseCode !== undefined && responseCode < 500
      ? { outcome: 'retry', reason: 'deferred', detail }
      : { outcome: 'account', reason: 'not_authorized', detail }
  if (CONNECTION.has(code)) {
    if (responseCode !== undefined && responseCode >= 400 && responseCode < 500)
      return temporary(error, status)
    const answered = responseCode !== undefined && responseCode >= 500
    return {
      outcome: handedOver && !answered ? 'doubt' : 'retry',
      reason: reasonOfConnection(code, originalCode),
      detail,
    }
  }
  // The session was out of step: the same message can go through on another connection.
  if (responseCode === 503) return { outcome: 'retry', reason: 'deferred', detail }
  if (responseCode !== undefined)
    return responseCode < 500 ? temporary(error, status) : permanent(error, status)
  throw error
}

const reasonOfConnection = (code: string, originalCode: string): string => {
  if (code === 'ETIMEDOUT' || code === 'EABORT') return 'timeout'
  if (code === 'ETLS' || /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(originalCode)) return 'tls_failed'
  return 'connection_lost'
}
