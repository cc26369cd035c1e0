import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { CallbackRequest, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { parse, type SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import { readJson } from '../api.ts'

/** A public key as SendGrid shows it, in base64; undefined when it is none. */
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

/** Why SendGrid dropped a message: for an address on one of its own suppression lists, or for something else. */
const LISTED: Record<string, SuppressionReason> = {
  'Bounced Address': 'bounce',
  'Spam Reporting Address': 'complaint',
  'Unsubscribed Address': 'unsubscribe',
}
const DROPPED: readonly [RegExp, string][] = [
  [/^Invalid$/i, 'invalid_address'],
  [/spam content/i, 'content_refused'],
  [/quota/i, 'quota'],
]
/** Classes of bounces that say nothing against the address: a later message may arrive. */
const ADDRESS_IS_GOOD = new Set(['Content', 'Reputation', 'Frequency or Volume Too High', 'Technical'])

type Part = { state?: Report['state']; reason?: string; suppress?: SuppressionReason; restore?: true }

const partOf = (event: Event): Part => {
  switch (event.event) {
    case 'delivered':
      return { state: 'delivered' }
    case 'bounce':
      // A block is of this message, or of this moment.
      if (event.type === 'blocked') return { state: 'failed', reason: 'blocked' }
      return ADDRESS_IS_GOOD.has(event.bounce_classification ?? '')
        ? { state: 'failed', reason: 'bounce' }
        : { state: 'failed', reason: 'bounce', suppress: 'bounce' }
    case 'dropped': {
      const suppress = LISTED[event.reason ?? '']
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
      // Some mail services load pictures of all mails, read or not.
      return event.sg_machine_open ? {} : { state: 'read' }
    case 'click':
      return { state: 'clicked' }
    // `processed`, and `deferred`: SendGrid goes on trying for up to three days.
    default:
      return {}
  }
}

const reportOf = (event: Event): Report[] => {
  const { state, reason, suppress, restore } = partOf(event)
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
 * The reports of one post of the Event Webhook, whose signature (ECDSA with SHA-256 over the timestamp and the body) has to
 * hold. Throws `forbidden` when it does not. Events of kinds that do not matter, or that are none, are passed over.
 */
export const sendgridReports = (
  { headers, body }: CallbackRequest,
  publicKey: string | undefined,
): Report[] => {
  const key = publicKey === undefined ? undefined : webhookKey(publicKey)
  if (!key)
    throw new ProblemError('forbidden', 'the account has no webhookPublicKey, so that it takes no reports')
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
