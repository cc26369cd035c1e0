import { createHash } from 'node:crypto'
import { claimedTenant, cut, deadSubject, PROBLEMS, type ProblemCode } from '@carillon/schemas'
import { fitsLetter, headersText } from './headers.ts'
import { DEAD_LETTER_MAX_BYTES, type DeadReason, type Message } from './port.ts'

/** Maximum length of a stored `detail`, in UTF-16 code units. */
const DETAIL_MAX = 1_000

/**
 * Returns the id of a message's dead letter. It is the same for the same message, so that storing it twice
 * leaves one letter. A publisher's retry has the same `Nats-Msg-Id` and content, and therefore the same id.
 */
const idOf = ({ queue, subject, data, dedupe, origin, sequence, appendedAt }: Message): string =>
  dedupe !== undefined && queue.startsWith('notify')
    ? createHash('sha256').update(`${subject}\n${dedupe}\n`).update(data).digest('base64url')
    : [queue, sequence, appendedAt, ...(origin === undefined ? [] : [origin])].join(':')

/** Returns the fields of a dead letter, the same in every adapter. */
export const letterOf = ({ message, reason }: { message: Message; reason: DeadReason }) => {
  const headers = headersText(message.headers)
  return {
    tenant: filedUnder(claimedTenant(message.subject)),
    queue: message.queue,
    subject: message.subject,
    code: reason.code,
    // One printable line, because it is sent as a header.
    detail: cut(reason.detail.replaceAll(/\p{C}+/gu, ' ').trim(), DETAIL_MAX),
    data: message.data.subarray(0, DEAD_LETTER_MAX_BYTES),
    headers: fitsLetter(headers) ? headers : undefined,
    truncated: message.data.length > DEAD_LETTER_MAX_BYTES || !fitsLetter(headers),
    origin: message.sequence,
    id: idOf(message),
  }
}

/** Returns the tenant to file letters under: the claimed tenant, or `_` if that is not a valid tenant id. */
export const filedUnder = (tenant: string): string =>
  deadSubject(tenant, 'notify-normal').split('.')[1] ?? '_'

/** Returns a stored problem code; `internal` for a code that this version does not know. */
export const codeOf = (stored: string): ProblemCode =>
  Object.hasOwn(PROBLEMS, stored) ? (stored as ProblemCode) : 'internal'
