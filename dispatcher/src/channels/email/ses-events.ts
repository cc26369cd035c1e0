import type { Report } from '@carillon/core/delivery/provider'
import type { SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import { readJson } from '../api.ts'
import { NO_COMPLAINT } from './smtp-callback.ts'

const Time = z.object({ timestamp: z.string().optional() })
const Recipients = z.array(z.object({ emailAddress: z.string() })).default([])

/**
 * What SES publishes: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html, and for
 * identities, with `notificationType` in place of `eventType`.
 */
const Event = z.object({
  eventType: z.string().optional(),
  notificationType: z.string().optional(),
  mail: z.object({ messageId: z.string(), timestamp: z.string().optional() }),
  bounce: Time.extend({
    bounceType: z.string(),
    bounceSubType: z.string().default(''),
    bouncedRecipients: Recipients,
  }).optional(),
  complaint: Time.extend({
    complainedRecipients: Recipients,
    complaintSubType: z.string().nullish(),
    complaintFeedbackType: z.string().nullish(),
  }).optional(),
  delivery: Time.optional(),
  open: Time.optional(),
  click: Time.optional(),
})
type Event = z.infer<typeof Event>

/** `MailboxFull` as a reason: mailbox_full. */
const snake = (words: string) => words.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()

/** Not sent, because the address is on a suppression list of SES or of the account. */
const LISTED = new Set(['Suppressed', 'OnAccountSuppressionList'])
/** A transient bounce without a cause may be no more than an out-of-office note: the mail may have arrived. */
const MAY_HAVE_ARRIVED = 'General'

const suppressed = (
  recipients: z.infer<typeof Recipients>,
  reason: SuppressionReason,
): Required<Pick<Report, 'suppress'>>[] =>
  recipients.map(({ emailAddress }) => ({
    suppress: {
      channels: ['email'],
      address: /<([^<>]+)>\s*$/.exec(emailAddress)?.[1] ?? emailAddress,
      reason,
    },
  }))

const bounceReports = (bounce: NonNullable<Event['bounce']>): Omit<Report, 'id' | 'at'>[] => {
  const { bounceType, bounceSubType, bouncedRecipients } = bounce
  if (bounceType === 'Permanent') {
    const reason = LISTED.has(bounceSubType) ? 'suppressed' : 'bounce'
    return [{ state: 'failed', reason }, ...suppressed(bouncedRecipients, 'bounce')]
  }
  if (bounceType === 'Transient' && bounceSubType === MAY_HAVE_ARRIVED) return []
  return [{ state: 'failed', reason: snake(bounceSubType || bounceType) }]
}

const complaintReports = (complaint: NonNullable<Event['complaint']>): Omit<Report, 'id' | 'at'>[] => {
  const { complainedRecipients, complaintSubType, complaintFeedbackType } = complaint
  if (LISTED.has(complaintSubType ?? ''))
    return [{ state: 'failed', reason: 'suppressed' }, ...suppressed(complainedRecipients, 'complaint')]
  return NO_COMPLAINT.has(complaintFeedbackType ?? '') ? [] : suppressed(complainedRecipients, 'complaint')
}

const partsOf = (event: Event): Omit<Report, 'id' | 'at'>[] => {
  switch (event.eventType ?? event.notificationType) {
    case 'Bounce':
      return event.bounce ? bounceReports(event.bounce) : []
    case 'Complaint':
      return event.complaint ? complaintReports(event.complaint) : []
    case 'Delivery':
      return [{ state: 'delivered' }]
    case 'Open':
      return [{ state: 'read' }]
    case 'Click':
      return [{ state: 'clicked' }]
    case 'Reject':
      return [{ state: 'failed', reason: 'content_refused' }]
    case 'Rendering Failure':
      return [{ state: 'failed', reason: 'invalid_content' }]
    // Of `Send`, `DeliveryDelay` (SES goes on trying) and `Subscription` the ledger has no state.
    default:
      return []
  }
}

/** What an event of SES says, which came as the message of a notification; nothing, if it is none that matters. */
export const sesReports = (message: string, now = Date.now()): Report[] => {
  const event = readJson(message, Event)
  if (!event) return []
  const { mail, bounce, complaint, delivery, open, click } = event
  const when = Date.parse((bounce ?? complaint ?? delivery ?? open ?? click ?? mail).timestamp ?? '')
  const at = Number.isFinite(when) ? when : now
  return partsOf(event).map((part) => ({ id: mail.messageId, at, ...part }))
}
