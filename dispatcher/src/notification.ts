import { hash } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import { fingerprintOf } from '@carillon/core/fingerprint'
import { checkHorizon } from '@carillon/core/horizon'
import { notificationIdAt } from '@carillon/core/ids'
import { parseJson } from '@carillon/core/json'
import { hasMadeId } from '@carillon/core/made-id'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import {
  CloudEvent,
  isCloudEvent,
  listErrors,
  NatsNotification,
  NOTIFICATION_MAX_BYTES,
  type Notification,
  type Priority,
  parse,
  parseLenient,
  parseNotifySubject,
  problemDetails,
  SubjectError,
  type Warning,
} from '@carillon/schemas'

/**
 * What names a notification, and who chose that: Carillon itself, the sender as the notification's id, the source of a
 * CloudEvent, or the publisher of a message without an id as its `Nats-Msg-Id`.
 */
export type Name =
  | { by: 'carillon' | 'sender' | 'event'; id: string }
  | { by: 'publisher'; messageId: string }

/** A notification as it came out of the log: validated. Its id is settled by `createIdentify`. */
export type Incoming = {
  tenant: string
  name: Name
  /** When the log took it, epoch ms. */
  appendedAt: number
  /** The log delivered it before. */
  again: boolean
  notification: Notification & { priority: Priority }
  fingerprint: string
  warnings: Warning[]
}

export type Read = { incoming: Incoming } | { refused: DeadReason }

const refuse = (code: DeadReason['code'], detail: string): Read => ({ refused: { code, detail } })

const eventId = (source: string, id: string) =>
  `ce_${hash('sha256', `${source}\n${id}`, 'base64url').slice(0, 40)}`

/** Says what is wrong without repeating what was sent. */
const describe = (issues: Parameters<typeof problemDetails>[0]) => listErrors(problemDetails(issues))

/** A hub checks times against its own clock before the log stamps the message: allow for clocks that differ. */
const CLOCK_SLACK_MS = 3_600_000

const tooFar = ({ deliverAt, expiresAt }: NatsNotification, appendedAt: number): Read | undefined => {
  try {
    checkHorizon({ deliverAt, expiresAt }, appendedAt + CLOCK_SLACK_MS)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { refused: deadReason(error) }
  }
}

/** A problem in the words of a dead letter. */
export const deadReason = ({ problem: { code, detail, errors = [] } }: ProblemError): DeadReason => {
  const untold = errors.filter(({ message }) => !detail.includes(message))
  return { code, detail: untold.length === 0 ? detail : `${detail} | ${listErrors(untold)}` }
}

const parsed = (data: Uint8Array): { value: unknown } | { refused: DeadReason } => {
  try {
    return { value: parseJson(data) }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { refused: deadReason(error) }
  }
}

/**
 * Reads a message of a notify lane: plain JSON, or a CloudEvents 1.0 structured event with the notification as its
 * data. The subject says tenant, priority and type. It is named by its own id, else by the CloudEvent's source and id,
 * else by the publisher's Nats-Msg-Id, else by its place in the log; whichever it is, the same message gives the same
 * name each time. Pure; what cannot be accepted comes back with its reason, and what is left out with warnings.
 */
export const readNotification = (message: Message): Read => {
  if (message.data.length > NOTIFICATION_MAX_BYTES)
    return refuse(
      'payload_too_large',
      `a notification has at most ${NOTIFICATION_MAX_BYTES} bytes, this has ${message.data.length}`,
    )
  let subject: ReturnType<typeof parseNotifySubject>
  try {
    subject = parseNotifySubject(message.subject)
  } catch (error) {
    if (error instanceof SubjectError) return refuse('subject_invalid', error.message)
    throw error
  }
  const json = parsed(message.data)
  if ('refused' in json) return json

  let payload = json.value
  let event: Name | undefined
  if (isCloudEvent(payload)) {
    const read = parse(CloudEvent, payload)
    if (!read.success) return refuse('invalid_request', `CloudEvent ${describe(read.issues)}`)
    payload = read.data.data
    event = { by: 'event', id: eventId(read.data.source, read.data.id) }
  }

  const read = parseLenient(NatsNotification, payload)
  if (!read.success) return refuse('invalid_request', describe(read.issues))
  const { tenant, priority, type } = subject
  const given = read.data
  if (given.type !== undefined && given.type !== type)
    return refuse('invalid_request', `/type: the subject says ${type}; leave it out or say the same`)
  if (given.priority !== undefined && given.priority !== priority)
    return refuse('invalid_request', `/priority: the subject says ${priority}; leave it out or say the same`)
  const late = tooFar(given, message.appendedAt)
  if (late) return late

  const notification = { ...given, type, priority }
  const fingerprint = fingerprintOf(notification)
  const { appendedAt, deliveries } = message
  const { warnings } = read
  const name = nameOf(given, event, message)
  return {
    incoming: { tenant, name, appendedAt, again: deliveries > 1, notification, fingerprint, warnings },
  }
}

const nameOf = (given: NatsNotification, event: Name | undefined, message: Message): Name => {
  if (given.id !== undefined) return { by: hasMadeId(message.headers) ? 'carillon' : 'sender', id: given.id }
  if (event) return event
  if (message.dedupe !== undefined) return { by: 'publisher', messageId: message.dedupe }
  return { by: 'carillon', id: notificationIdAt(message) }
}
