import { createHmac } from 'node:crypto'
import type { CallbackRequest, CallbackResult, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { readJson } from '@carillon/core/json/json'
import { parse } from '@carillon/schemas'
import { z } from 'zod'
import { constantTimeEqual } from '../callback.ts'
import { optOutKeyword, optOutReports } from './opt-out.ts'
import { whatsappErrorMeaning } from './whatsapp-cloud-outcome.ts'

const forbidden = (detail: string) => new ProblemError('forbidden', detail)

/**
 * Responds to the verification request that Meta sends when the callback URL is registered: echoes the
 * challenge.
 */
const verifyEndpoint = (url: string, verifyToken: string | undefined): CallbackResult => {
  const query = new URL(url).searchParams
  const challenge = query.get('hub.challenge') ?? ''
  if (verifyToken === undefined)
    throw forbidden('the account has no verifyToken to register the callback URL with')
  if (
    query.get('hub.mode') !== 'subscribe' ||
    !constantTimeEqual(query.get('hub.verify_token') ?? '', verifyToken)
  )
    throw forbidden('the verify token does not match')
  if (!/^[\w-]{1,256}$/.test(challenge)) throw forbidden('the challenge is missing')
  return { reports: [], answer: { status: 200, type: 'text/plain', body: challenge } }
}

/** Verifies `X-Hub-Signature-256`: `sha256=` and the hexadecimal HMAC-SHA256 of the body, keyed with the app secret. */
const verifySignature = ({ headers, body }: CallbackRequest, appSecret: string): void => {
  const expected = `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`
  if (!constantTimeEqual(headers['x-hub-signature-256'] ?? '', expected))
    throw forbidden('the callback is not signed by Meta')
}

const Status = z.object({
  id: z.string(),
  status: z.string(),
  timestamp: z.coerce.number(),
  errors: z.array(z.object({ code: z.int() })).default([]),
})
const Inbound = z.object({
  from: z.string(),
  timestamp: z.coerce.number(),
  text: z.object({ body: z.string() }).optional(),
  button: z.object({ text: z.string() }).optional(),
})
/** An array whose invalid entries are dropped, so that one of them does not invalidate the others. */
const validEntries = <T>(item: z.ZodType<T>) =>
  z
    .array(z.unknown())
    .default([])
    .transform((items) =>
      items.flatMap((entry) => {
        const parsed = parse(item, entry)
        return parsed.success ? [parsed.data] : []
      }),
    )
const Change = z.object({
  value: z.object({ statuses: validEntries(Status), messages: validEntries(Inbound) }),
})
const Webhook = z.object({ entry: validEntries(z.object({ changes: validEntries(Change) })) })

const STATES: Record<string, Report['state']> = { delivered: 'delivered', read: 'read', failed: 'failed' }

/** Converts a timestamp in seconds to epoch ms. Invalid and future times are replaced by the current time. */
const timeOf = (seconds: number): number => Math.min(seconds * 1_000, Date.now()) || Date.now()

const statusReport = ({ id, status, timestamp, errors }: z.infer<typeof Status>): Report[] => {
  const state = STATES[status]
  if (state === undefined) return []
  const at = timeOf(timestamp)
  if (state !== 'failed') return [{ id, state, at }]
  const code = errors[0]?.code
  return [
    {
      id,
      state,
      reason: code === undefined ? 'failed' : (whatsappErrorMeaning(code)?.reason ?? `whatsapp_${code}`),
      at,
    },
  ]
}

const inboundReports = ({ from, timestamp, text, button }: z.infer<typeof Inbound>): Report[] =>
  optOutReports(optOutKeyword(text?.body ?? button?.text ?? ''), {
    from: `+${from}`,
    channels: ['whatsapp'],
    at: timeOf(timestamp),
  })

/**
 * Verifies and reads a callback: the registration of the URL, or a POST with message statuses and inbound messages. Throws
 * `forbidden` if it is not signed.
 */
export const readWhatsappCallback = async (
  request: CallbackRequest,
  { appSecret, verifyToken }: { appSecret?: string; verifyToken?: string },
): Promise<CallbackResult> => {
  if (request.method === 'GET') return verifyEndpoint(request.url, verifyToken)
  if (appSecret === undefined) throw forbidden('the account has no appSecret to verify callbacks with')
  verifySignature(request, appSecret)
  const webhook = readJson(Buffer.from(request.body).toString('utf8'), Webhook)
  const values = webhook?.entry.flatMap(({ changes }) => changes).map(({ value }) => value) ?? []
  return {
    reports: values.flatMap(({ statuses, messages }) => [
      ...statuses.flatMap(statusReport),
      ...messages.flatMap(inboundReports),
    ]),
    answer: { status: 200, type: 'text/plain', body: '' },
  }
}
