import { createHash } from 'node:crypto'
import { claimedTenant, cut, deadSubject, PROBLEMS, type ProblemCode } from '@carillon/schemas'
import { fitsLetter, headersText } from './headers.ts'
import { DEAD_LETTER_MAX_BYTES, type DeadReason, type Message } from './port.ts'

/** Longest `detail` a dead letter keeps, in UTF-16 units. */
const DETAIL_MAX = 1_000

/**
 * The same for the same message, so that burying it twice leaves one letter. A publisher that repeats a message without
 * knowing that it was stored repeats its `Nats-Msg-Id` and content, and leaves one letter, too.
 */
const idOf = ({ queue, subject, data, dedupe, origin, sequence, appendedAt }: Message): string =>
  dedupe !== undefined && queue.startsWith('notify')
    ? createHash('sha256').update(`${subject}\n${dedupe}\n`).update(data).digest('base64url')
    : [queue, sequence, appendedAt, ...(origin === undefined ? [] : [origin])].join(':')

/** What a dead letter holds, whichever adapter keeps it. */
export const letterOf = ({ message, reason }: { message: Message; reason: DeadReason }) => {
  const headers = headersText(message.headers)
  return {
    tenant: filedUnder(claimedTenant(message.subject)),
    queue: message.queue,
    subject: message.subject,
    code: reason.code,
    // One printable line: it travels in a header, where a line break would begin another one.
    detail: cut(reason.detail.replaceAll(/\p{C}+/gu, ' ').trim(), DETAIL_MAX),
    data: message.data.subarray(0, DEAD_LETTER_MAX_BYTES),
    headers: fitsLetter(headers) ? headers : undefined,
    truncated: message.data.length > DEAD_LETTER_MAX_BYTES || !fitsLetter(headers),
    origin: message.sequence,
    id: idOf(message),
  }
}

/** The tenant that letters of a claimed tenant are filed under: itself, or `_` for one that no tenant can have. */
export const filedUnder = (tenant: string): string =>
  deadSubject(tenant, 'notify-normal').split('.')[1] ?? '_'

/** A stored code; one that this version does not know reads as `internal`. */
export const codeOf = (stored: string): ProblemCode =>
  Object.hasOwn(PROBLEMS, stored) ? (stored as ProblemCode) : 'internal'
