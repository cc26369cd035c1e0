import { ProblemError } from '@carillon/core/errors'
import type { CheckedNotification } from '@carillon/core/notification/checked'
import { contentMode, type Payload, readPayload } from '@carillon/core/notification/cloudevents'
import { isRelative, type SendTimes, type Timed } from '@carillon/core/notification/delivery-times'
import { fingerprintOf } from '@carillon/core/notification/fingerprint'
import { checkHorizon } from '@carillon/core/notification/horizon'
import { notificationIdAt } from '@carillon/core/notification/ids'
import { hasMadeId, stampedRevision, stampedVersion } from '@carillon/core/notification/stamp'
import type { Headers } from '@carillon/core/stream/headers'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import {
  listErrors,
  NOTIFICATION_MAX_BYTES,
  type Notification,
  type Priority,
  parseLenient,
  parseNotifySubject,
  problemDetails,
  SubjectError,
  UntypedNotification,
  type Warning,
} from '@carillon/schemas'

/**
 * The name of a notification and who chose it: Carillon, the sender (`id`), the source of a CloudEvent, or the publisher of
 * a message without an id (`Nats-Msg-Id`).
 */
export type Name =
  | { by: 'carillon' | 'sender' | 'event'; id: string }
  | { by: 'publisher'; messageId: string }

/** A validated notification from the log. */
export type Given = {
  tenant: string
  name: Name
  /** When it was appended to the log, epoch ms. */
  appendedAt: number
  /** Whether it is a redelivery. */
  again: boolean
  notification: Notification & { priority: Priority }
  /** The version of its type that the hub stamped, 0 for none; absent for a message that came over NATS. */
  version?: number
  /** The revision of the library that the hub stamped. */
  revision?: number
  fingerprint: string
  /** The path of the notification in the message. */
  place: Payload['at']
  warnings: Warning[]
}

/**
 * A notification whose `deliverAt` is not relative. `zone`: the time zone of dates without a time. `createIdentify` settles its
 * id.
 */
export type Incoming = Omit<Given, 'notification'> & {
  notification: Timed<Given['notification']>
  zone: string
}

export type Read = { incoming: Given } | { refused: DeadReason }

const refuse = (code: DeadReason['code'], detail: string): Read => ({ refused: { code, detail } })

/** Describes issues without repeating what was sent. */
export const describe = (issues: Parameters<typeof problemDetails>[0]) => listErrors(problemDetails(issues))

/** Tolerated clock difference: hubs check times by their own clock before the log stamps the message. */
export const CLOCK_SLACK_MS = 3_600_000

/** Returns the refusal of a notification whose times lie too far ahead. */
export const tooFar = ({ deliverAt, expiresAt }: SendTimes, appendedAt: number): DeadReason | undefined => {
  try {
    checkHorizon({ deliverAt, expiresAt }, appendedAt + CLOCK_SLACK_MS)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return deadReason(error)
  }
}

/** Returns a problem as the reason of a dead letter. */
export const deadReason = ({ problem: { code, detail, errors = [] } }: ProblemError): DeadReason => {
  // The detail names the first error.
  const others = errors.slice(1)
  return { code, detail: others.length === 0 ? detail : `${detail} | ${listErrors(others)}` }
}

const NO_HEADERS: Headers = new Map()

const payloadOf = ({ data, headers = NO_HEADERS }: Message): Payload | { refused: DeadReason } => {
  const content = {
    bytes: data,
    type: headers.get('content-type'),
    header: (name: string) => headers.get(name),
  }
  const mode = contentMode(content)
  if (mode === undefined || mode === 'batch')
    return {
      refused: {
        code: 'unsupported_media_type',
        detail: 'a CloudEvent comes over NATS by itself, in the JSON format or in binary mode',
      },
    }
  try {
    return readPayload(mode, content)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { refused: deadReason(error) }
  }
}

/**
 * Reads a message of a notify queue: plain JSON, or a CloudEvents 1.0 event, structured or binary, with the
 * notification as its data. The subject contains tenant, priority and type. The name is the notification's
 * own id, else the CloudEvent's source and id, else the publisher's Nats-Msg-Id, else the position in the
 * log. The same message always gets the same name. Returns the reason of a refused message, and warnings
 * about omitted attributes. Pure.
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
  const payload = payloadOf(message)
  if ('refused' in payload) return payload
  const { value, at, event } = payload

  const read = parseLenient(UntypedNotification, value)
  if (!read.success)
    return refuse(
      'invalid_request',
      describe(read.issues.map(({ path, message }) => ({ path: [...at, ...path], message }))),
    )
  const { tenant, priority, type } = subject
  const given = read.data
  if (given.type !== undefined && given.type !== type)
    return refuse('invalid_request', `/type: the subject says ${type}; leave it out or say the same`)
  if (given.priority !== undefined && given.priority !== priority)
    return refuse('invalid_request', `/priority: the subject says ${priority}; leave it out or say the same`)
  const { deliverAt, expiresAt } = given
  const far = tooFar(
    { deliverAt: isRelative(deliverAt) ? undefined : deliverAt, expiresAt },
    message.appendedAt,
  )
  if (far) return { refused: far }

  const notification = { ...given, type, priority }
  const fingerprint = fingerprintOf(notification)
  const { appendedAt, deliveries } = message
  const { warnings } = read
  const name = nameOf(given, event, message)
  const version = stampedVersion(message.headers)
  const revision = stampedRevision(message.headers)
  return {
    incoming: {
      ...{ tenant, name, appendedAt, again: deliveries > 1, notification, fingerprint, place: at, warnings },
      ...(version === undefined ? {} : { version }),
      ...(revision === undefined ? {} : { revision }),
    },
  }
}

/** Returns a notification that a hub of this process has checked, as `readNotification` would. Pure. */
export const checkedNotification = (message: Message, checked: CheckedNotification): Given => {
  const { notification, made, version, revision } = checked
  const { appendedAt, deliveries, subject } = message
  const given: Given = {
    tenant: parseNotifySubject(subject).tenant,
    name: { by: made ? 'carillon' : 'sender', id: notification.id },
    appendedAt,
    again: deliveries > 1,
    notification,
    version,
    fingerprint: fingerprintOf(notification),
    place: [],
    warnings: [],
  }
  if (revision !== undefined) given.revision = revision
  return given
}

const nameOf = (given: UntypedNotification, event: Payload['event'], message: Message): Name => {
  if (given.id !== undefined) return { by: hasMadeId(message.headers) ? 'carillon' : 'sender', id: given.id }
  if (event) return { by: 'event', id: event.id }
  if (message.dedupe !== undefined) return { by: 'publisher', messageId: message.dedupe }
  return { by: 'carillon', id: notificationIdAt(message) }
}
