import { createHash } from 'node:crypto'
import type { CallbackRequest, CallbackResult, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { readJson } from '@carillon/core/json/json'
import { jwtVerify } from 'jose'
import { z } from 'zod'
import { constantTimeEqual } from '../callback.ts'
import { failedReport } from './error-codes.ts'
import { optOutKeyword, optOutReports } from './opt-out.ts'
import { VONAGE_ERRORS, VonageError, vonageErrorCode } from './vonage-outcome.ts'

/** Vonage retries a webhook for 24 hours. */
const TOKEN_AGE_MAX = '25 hours'

/**
 * Verifies the JWT of a webhook: signed with the account's signature secret (HS256), with a `payload_hash` that matches
 * the body. Throws `forbidden` otherwise.
 * https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
 */
const verifySignature = async ({ headers, body }: CallbackRequest, secret: string): Promise<void> => {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const forged = (cause?: unknown) =>
    new ProblemError('forbidden', 'the callback is not signed by Vonage', { cause })
  if (token === undefined) throw forged()
  const verified = await jwtVerify(token, new TextEncoder().encode(secret), {
    algorithms: ['HS256'],
    maxTokenAge: TOKEN_AGE_MAX,
    clockTolerance: 300,
  }).catch((error: unknown) => {
    throw forged(error)
  })
  const { payload_hash: hash } = verified.payload
  if (typeof hash !== 'string' || !constantTimeEqual(hash, createHash('sha256').update(body).digest('hex')))
    throw forged()
}

const Webhook = z.object({
  message_uuid: z.string(),
  timestamp: z.string().optional(),
  status: z.string().optional(),
  error: VonageError.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  text: z.string().optional(),
})

const STATES: Record<string, Report['state']> = {
  delivered: 'delivered',
  read: 'read',
  rejected: 'failed',
  undeliverable: 'failed',
}

/** Adds the + that Vonage omits from numbers. */
const parseNumber = (number: string): { phone: string; channels: ('sms' | 'mms')[] } => ({
  phone: number.startsWith('+') ? number : `+${number}`,
  channels: ['sms', 'mms'],
})

const reportsOf = (webhook: z.infer<typeof Webhook>): Report[] => {
  const { message_uuid: id, timestamp = '', status, error, from = '', to = '', text = '' } = webhook
  const time = Date.parse(timestamp)
  const at = Number.isFinite(time) ? Math.min(time, Date.now()) : Date.now()
  if (status === undefined) {
    const { phone, channels } = parseNumber(from)
    return optOutReports(optOutKeyword(text), { from: phone, channels, at })
  }
  const state = STATES[status]
  if (state === undefined) return []
  if (state !== 'failed') return [{ id, state, at }]
  const code = error && vonageErrorCode(error)
  const cause =
    code === undefined
      ? { meaning: undefined, fallback: status }
      : { meaning: VONAGE_ERRORS.get(code), fallback: `vonage_${code}` }
  return [failedReport(id, at, cause, parseNumber(to))]
}

/** Verifies and reads a webhook: a message status or an inbound message. Throws `forbidden` if it is not signed. */
export const readVonageCallback = async (
  request: CallbackRequest,
  signatureSecret: string | undefined,
): Promise<CallbackResult> => {
  if (signatureSecret === undefined)
    throw new ProblemError('forbidden', 'the account has no signatureSecret to verify callbacks with')
  await verifySignature(request, signatureSecret)
  const webhook = readJson(Buffer.from(request.body).toString('utf8'), Webhook)
  return { reports: webhook ? reportsOf(webhook) : [] }
}
