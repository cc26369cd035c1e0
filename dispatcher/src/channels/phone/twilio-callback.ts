import { createHash, createHmac } from 'node:crypto'
import type { CallbackRequest, CallbackResult, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { constantTimeEqual } from '../callback.ts'
import { failedReport } from './error-codes.ts'
import { optOutKeyword, optOutReports } from './opt-out.ts'
import { TWILIO_ERRORS } from './twilio-outcome.ts'

/** Replaces or removes the port of a URL and keeps every other character, because the URL is signed. */
const withPort = (url: string, port: string): string =>
  url.replace(/^(https?:\/\/(?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]+))(?::\d+)?/i, `$1${port}`)

/** Returns the signed form of the parameters: sorted by name, each name followed by its distinct values in order. */
const signedParams = (params: URLSearchParams): string =>
  [...new Set(params.keys())]
    .sort()
    .flatMap((name) => [...new Set(params.getAll(name))].sort().map((value) => `${name}${value}`))
    .join('')

/**
 * Verifies `X-Twilio-Signature`: the base64 HMAC-SHA1 of the callback URL and the form parameters. If the
 * body is not a form, the URL contains its hash (`bodySHA256`) instead. Twilio does not document whether the
 * signed URL includes the port, so both forms are accepted, as in Twilio's own libraries.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
const isSignatureValid = ({ url, headers, body }: CallbackRequest, authToken: string): boolean => {
  const signature = headers['x-twilio-signature']
  if (signature === undefined) return false
  const bodyHash = new URL(url).searchParams.get('bodySHA256')
  if (bodyHash !== null && !constantTimeEqual(bodyHash, createHash('sha256').update(body).digest('hex')))
    return false
  const params =
    bodyHash === null ? signedParams(new URLSearchParams(Buffer.from(body).toString('utf8'))) : ''
  const defaultPort = /^https:/i.test(url) ? ':443' : ':80'
  return [url, withPort(url, ''), withPort(url, defaultPort)]
    .map((signedUrl) => createHmac('sha1', authToken).update(`${signedUrl}${params}`).digest('base64'))
    .map((expected) => constantTimeEqual(signature, expected))
    .includes(true)
}

const STATES: Record<string, Report['state']> = {
  delivered: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
}

/** Splits an address into number and channels: `whatsapp:+15550100` is WhatsApp, a bare number is SMS and MMS. */
const parseAddress = (address: string): { phone: string; channels: ('sms' | 'mms' | 'whatsapp')[] } =>
  address.startsWith('whatsapp:')
    ? { phone: address.slice('whatsapp:'.length), channels: ['whatsapp'] }
    : { phone: address, channels: ['sms', 'mms'] }

/** https://www.twilio.com/docs/messaging/guides/track-outbound-message-status */
const statusReport = (params: URLSearchParams, status: string, at: number): Report[] => {
  const id = params.get('MessageSid') ?? params.get('SmsSid')
  const state = STATES[status]
  if (id === null || state === undefined) return []
  if (state !== 'failed') return [{ id, state, at }]
  const code = Number(params.get('ErrorCode') ?? 0)
  const fallback = code > 0 ? `twilio_${code}` : status
  return [
    failedReport(
      id,
      at,
      { meaning: TWILIO_ERRORS.get(code), fallback },
      parseAddress(params.get('To') ?? ''),
    ),
  ]
}

/** `OptOutType` is set by Advanced Opt-Out, where the account defines its own keywords. Otherwise the body is checked. */
const inboundReports = (params: URLSearchParams, at: number): Report[] => {
  const { phone, channels } = parseAddress(params.get('From') ?? '')
  return optOutReports(optOutKeyword(params.get('OptOutType') ?? params.get('Body') ?? ''), {
    from: phone,
    channels,
    at,
  })
}

/** Verifies and reads a callback: a message status or an inbound message. Throws `forbidden` if it is not signed. */
export const readTwilioCallback = async (
  request: CallbackRequest,
  authToken: string | undefined,
): Promise<CallbackResult> => {
  if (authToken === undefined)
    throw new ProblemError('forbidden', 'the account has no authToken to verify callbacks with')
  if (!isSignatureValid(request, authToken))
    throw new ProblemError('forbidden', 'the callback is not signed by Twilio')
  const params = new URLSearchParams(Buffer.from(request.body).toString('utf8'))
  const at = Date.now()
  const status = params.get('MessageStatus')
  if (status !== null) return { reports: statusReport(params, status, at) }
  return {
    reports: inboundReports(params, at),
    answer: { status: 200, type: 'text/xml', body: '<Response/>' },
  }
}
