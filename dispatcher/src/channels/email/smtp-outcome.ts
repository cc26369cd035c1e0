import type { Outcome } from '@carillon/core/delivery/provider'
import { HttpFailure } from '@carillon/core/http/port'
import type { SuppressionReason } from '@carillon/schemas'
import { oneLine } from '../outcome.ts'
import { connectAdvice, type SmtpError, smtpAdvice } from './smtp-advice.ts'

/** Error codes of the connection, as opposed to a message. */
const CONNECTION = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EPROTOCOL', 'EABORT'])
/** Replies that request or reject credentials (RFC 4954, section 6). */
const CREDENTIALS = new Set([530, 534, 535, 538])
/**
 * Text of a reply without an enhanced code that refuses because of a policy, rather than because the mailbox
 * does not exist.
 */
const POLICY = /block|black ?list|\blisted\b|spam|policy|denied|reputation|not allowed/i
const DELAY_MAX_MS = 6 * 3_600_000

/** Returns the text of the server or nodemailer, after advice on the settings if there is any. */
const detailOf = (error: SmtpError): string => {
  const { code = '', command = '', response, reason, message } = error
  const fault = reason !== undefined && message.includes(':error:') ? reason : message
  const text = response ? `${command} ${response}` : `${code} ${fault}`
  const advice = smtpAdvice(error)
  return oneLine(advice === undefined ? text : `${advice} (${text})`)
}

/** Parses the delay of replies such as "Try again in 300 seconds", which greylisting uses. */
const delayMs = (response: string): number | undefined => {
  const [, count, unit] = /\b(?:in|after|for) (\d{1,5}) ?(s|m)/i.exec(response) ?? []
  if (count === undefined) return undefined
  return Math.min(Number(count) * (unit?.toLowerCase() === 'm' ? 60_000 : 1_000), DELAY_MAX_MS)
}

/** Text of a rate limit. `OF_SENDER` matches limits of the account, such as "Maximum sending rate exceeded" (SES). */
const LIMIT = /throttl|\brate\b|too (many|quickly|fast)/i
const OF_SENDER =
  /throttling failure|sending rate|too many (concurrent |simultaneous )?(connections|messages|sessions)/i
/** Exchange Online: "server busy" and limits of the sending address. */
const OF_SENDER_STATUS = /^4\.7\.[56]\d\d$/

/**
 * Returns the scope of a temporary failure. `recipient`: a reply to RCPT TO or DATA about the mailbox (4.2.x), its route
 * (4.4.x) or a policy (4.7.x). `account`: a limit that closes the connection (421) or concerns the sender. Undefined: a
 * fault of the server itself, such as 4.3.x.
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
  const afterMs = delayMs(response)
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
  // Many servers reject the sender only in reply to RCPT TO.
  const ofSender = command === 'MAIL FROM' || /^5\.1\.[78]$/.test(status) || /\bsender\b/i.test(response)
  if (ofSender && command !== 'DATA')
    return responseCode === 552 || /^5\.(2\.3|3\.4)$/.test(status)
      ? refused('too_large')
      : { outcome: 'account', reason: 'sender_refused', detail }
  // The mailbox does not exist (5.1.x, 5.2.1). A bare 550, 551 or 553 to RCPT TO means the same.
  if (/^5\.(1\.[0-69]|1\.10|2\.1)$/.test(status)) return refused('no_such_mailbox', 'bounce')
  if (command === 'RCPT TO') {
    if (/relay/i.test(response)) return { outcome: 'account', reason: 'relay_denied', detail }
    const unknown = status === '' && [550, 551, 553].includes(responseCode) && !POLICY.test(response)
    return unknown ? refused('no_such_mailbox', 'bounce') : refused('recipient_refused')
  }
  return refused(/^5\.(2\.3|3\.4)$/.test(status) ? 'too_large' : 'content_refused')
}

/**
 * Maps an error of nodemailer to an outcome, by the SMTP command, the reply (RFC 5321, section 4.2) and its enhanced status
 * code (RFC 3463). `written`: the whole message was written, so a server that stopped responding may have accepted it.
 * Rethrows errors that are not from SMTP.
 */
export const outcomeOfSmtp = (thrown: unknown, written: boolean): Outcome => {
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
    const replied = responseCode !== undefined && responseCode >= 500
    return {
      outcome: written && !replied ? 'doubt' : 'retry',
      reason: connectionReason(code, originalCode),
      detail,
    }
  }
  // Bad sequence of commands: the message may succeed on another connection.
  if (responseCode === 503) return { outcome: 'retry', reason: 'deferred', detail }
  if (responseCode !== undefined)
    return responseCode < 500 ? temporary(error, status) : permanent(error, status)
  throw error
}

const connectionReason = (code: string, originalCode: string): string => {
  if (code === 'ETIMEDOUT' || code === 'EABORT') return 'timeout'
  if (code === 'ETLS' || /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(originalCode)) return 'tls_failed'
  return 'connection_lost'
}
