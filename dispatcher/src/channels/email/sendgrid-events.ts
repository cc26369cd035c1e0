import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { CallbackRequest, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { readJson } from '@carillon/core/json/json'
import { parse, type SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'

/** Parses a verification key as SendGrid displays it, in base64. Returns undefined if it is invalid. */
export const webhookKey = (base64: string): KeyObject | undefined => {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ec' ? key : undefined
  } catch {
    return undefined
  }
}

/** https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event */
const Event = z.object({
  event: z.string(),
  email: z.string().optional(),
  sg_message_id: z.string().optional(),
  timestamp: z.number(),
  type: z.string().optional(),
  reason: z.string().optional(),
  bounce_classification: z.string().optional(),
  sg_machine_open: z.boolean().optional(),
})
type Event = z.infer<typeof Event>

/** Reasons of dropped messages that name one of SendGrid's suppression lists. */
const SUPPRESSED: Record<string, SuppressionReason> = {
  'Bounced Address': 'bounce',
  'Spam Reporting Address': 'complaint',
  'Unsubscribed Address': 'unsubscribe',
}
/** Patterns of the other reasons for dropped messages. */
const DROPPED: readonly [RegExp, string][] = [
  [/^Invalid$/i, 'invalid_address'],
  [/spam content/i, 'content_refused'],
  [/quota/i, 'quota'],
]
/** Bounce classifications that do not concern the address: a later message may arrive. */
const NOT_ADDRESS = new Set(['Content', 'Reputation', 'Frequency or Volume Too High', 'Technical'])

type Change = { state?: Report['state']; reason?: string; suppress?: SuppressionReason; restore?: true }

const changeOf = (event: Event): Change => {
  switch (event.event) {
    case 'delivered':
      return { state: 'delivered' }
    case 'bounce':
      // A block concerns this message only.
      if (event.type === 'blocked') return { state: 'failed', reason: 'blocked' }
      return NOT_ADDRESS.has(event.bounce_classification ?? '')
        ? { state: 'failed', reason: 'bounce' }
        : { state: 'failed', reason: 'bounce', suppress: 'bounce' }
    case 'dropped': {
      const suppress = SUPPRESSED[event.reason ?? '']
      const reason = DROPPED.find(([pattern]) => pattern.test(event.reason ?? ''))?.[1]
      return { state: 'failed', reason: suppress ? 'suppressed' : (reason ?? 'dropped'), suppress }
    }
    case 'spamreport':
      return { suppress: 'complaint' }
    case 'unsubscribe':
    case 'group_unsubscribe':
      return { suppress: 'unsubscribe' }
    case 'group_resubscribe':
      return { restore: true }
    case 'open':
      // Some mail services load the images of every message, whether it is read or not.
      return event.sg_machine_open ? {} : { state: 'read' }
    case 'click':
      return { state: 'clicked' }
    // Also `deferred`: SendGrid retries for up to three days.
    default:
      return {}
  }
}

const reportOf = (event: Event): Report[] => {
  const { state, reason, suppress, restore } = changeOf(event)
  const email = event.email
  if (state === undefined && suppress === undefined && !restore) return []
  const id = event.sg_message_id?.split('.')[0]
  return [
    {
      at: event.timestamp * 1_000,
      ...(id && { id }),
      ...(state && { state }),
      ...(reason && { reason }),
      ...(suppress && email && { suppress: { channels: ['email'], address: email, reason: suppress } }),
      ...(restore && email && { restore: { channels: ['email'], address: email } }),
    },
  ]
}

/**
 * Verifies and reads a POST of the Event Webhook, which is signed with ECDSA and SHA-256 over timestamp and body. Throws
 * `forbidden` if the signature is invalid. Invalid events and other kinds of events are ignored.
 */
export const sendgridReports = (
  { headers, body }: CallbackRequest,
  publicKey: string | undefined,
): Report[] => {
  const key = publicKey === undefined ? undefined : webhookKey(publicKey)
  if (!key) throw new ProblemError('forbidden', 'the account has no webhookPublicKey to verify reports with')
  const signature = headers['x-twilio-email-event-webhook-signature'] ?? ''
  const timestamp = headers['x-twilio-email-event-webhook-timestamp'] ?? ''
  const signed = Buffer.concat([Buffer.from(timestamp), body])
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64')))
    throw new ProblemError('forbidden', 'the report is not signed by SendGrid')
  const events = readJson(Buffer.from(body).toString('utf8'), z.array(z.unknown())) ?? []
  return events.flatMap((event) => {
    const parsed = parse(Event, event)
    return parsed.success ? reportOf(parsed.data) : []
  })
}
