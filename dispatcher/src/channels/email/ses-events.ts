import type { Report } from '@carillon/core/delivery/provider'
import { readJson } from '@carillon/core/json/json'
import type { SuppressionReason } from '@carillon/schemas'
import { z } from 'zod'
import { NOT_A_COMPLAINT } from './smtp-callback.ts'

const Time = z.object({ timestamp: z.string().optional() })
const Recipients = z.array(z.object({ emailAddress: z.string() })).default([])

/**
 * An event of a configuration set, with `eventType`, or a notification of an identity, with `notificationType`:
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
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

/** Converts `MailboxFull` to `mailbox_full`. */
const snakeCase = (text: string) => text.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()

/** Subtypes of messages that were not sent because the address is on a suppression list of SES or of the account. */
const SUPPRESSED = new Set(['Suppressed', 'OnAccountSuppressionList'])
/** A transient bounce of unknown cause. It may be an out-of-office reply to a message that arrived. */
const UNKNOWN_CAUSE = 'General'

const suppressAll = (
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
    const reason = SUPPRESSED.has(bounceSubType) ? 'suppressed' : 'bounce'
    return [{ state: 'failed', reason }, ...suppressAll(bouncedRecipients, 'bounce')]
  }
  if (bounceType === 'Transient' && bounceSubType === UNKNOWN_CAUSE) return []
  return [{ state: 'failed', reason: snakeCase(bounceSubType || bounceType) }]
}

const complaintReports = (complaint: NonNullable<Event['complaint']>): Omit<Report, 'id' | 'at'>[] => {
  const { complainedRecipients, complaintSubType, complaintFeedbackType } = complaint
  if (SUPPRESSED.has(complaintSubType ?? ''))
    return [{ state: 'failed', reason: 'suppressed' }, ...suppressAll(complainedRecipients, 'complaint')]
  return NOT_A_COMPLAINT.has(complaintFeedbackType ?? '')
    ? []
    : suppressAll(complainedRecipients, 'complaint')
}

const changesOf = (event: Event): Omit<Report, 'id' | 'at'>[] => {
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
    // `Send`, `DeliveryDelay` (SES retries) and `Subscription` have no state in the ledger.
    default:
      return []
  }
}

/** Reads an SES event, the message of an SNS notification. Returns no reports for other kinds of events. */
export const sesReports = (message: string, now = Date.now()): Report[] => {
  const event = readJson(message, Event)
  if (!event) return []
  const { mail, bounce, complaint, delivery, open, click } = event
  const time = Date.parse((bounce ?? complaint ?? delivery ?? open ?? click ?? mail).timestamp ?? '')
  const at = Number.isFinite(time) ? time : now
  return changesOf(event).map((change) => ({ id: mail.messageId, at, ...change }))
}
