import { z } from 'zod'
import { DeliverySums } from './delivery.ts'
import { JsonObject } from './json-object.ts'
import { Plan } from './plan.ts'
import { text } from './text.ts'
import {
  HORIZON_DAYS,
  NotificationId,
  Priority,
  Timestamp,
  TOKEN,
  TopicKey,
  TypeKey,
  UserId,
} from './tokens.ts'
import { Link } from './url.ts'
import { UserProfile } from './user.ts'

/** The largest notification, in bytes of JSON, over HTTP or NATS. */
export const NOTIFICATION_MAX_BYTES = 65_536
/** The most notifications in one `POST /v1/notifications/batch`. */
export const BATCH_MAX = 1_000
/** The most entries of a `to` list or an `exclude` list; a larger audience is a topic. */
export const LIST_MAX = 1_000

export const Recipient = z
  .union([
    UserId,
    z.strictObject({ user: UserId, ...UserProfile.shape }),
    z.strictObject({ topic: TopicKey }),
    z.strictObject({ everyone: z.literal(true) }),
  ])
  .describe('A user id, a user with attributes to remember, a topic, or everyone in the tenant')
export type Recipient = z.infer<typeof Recipient>

export const Action = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'an action name is 1 to 64 letters, digits, _ or -'),
  label: text(128).min(1),
  url: Link.optional(),
  primary: z.boolean().optional(),
})
export type Action = z.infer<typeof Action>

export const Actor = z.strictObject({
  user: UserId.optional().describe('Excluded from the recipients: nobody notifies themself'),
  name: text(256).optional(),
  avatar: Link.optional(),
})
export type Actor = z.infer<typeof Actor>

export const Tag = text(64).min(1)

/** What a person sees; copied into each inbox item as it was when the notification was accepted. */
const content = {
  title: text(512).optional(),
  body: text(16_384).optional(),
  url: Link.optional(),
  image: Link.optional(),
  actions: z.array(Action).max(8).optional(),
  actor: z.union([UserId.transform((user) => ({ user })), Actor]).optional(),
  category: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a category is 1 to 64 letters, digits, _ . or -')
    .optional(),
  tags: z.array(Tag).max(16).optional(),
  data: JsonObject.optional().describe('Anything; handed to templates and apps'),
}

/** What a backend sends. Over NATS, tenant, priority and type come from the subject instead. */
export const Notification = z.strictObject({
  id: NotificationId.optional(),
  to: z.union([Recipient, z.array(Recipient).min(1).max(LIST_MAX)]),
  exclude: z.array(UserId).max(LIST_MAX).optional().describe('Users who do not get it'),
  type: TypeKey,
  priority: Priority.optional().describe("Left out, it is the type's own, else normal"),
  ...content,
  sender: z
    .string()
    .regex(TOKEN, 'a sender is 1 to 64 letters, digits, _ or -')
    .optional()
    .describe('Who sends it, for limits; over HTTP always the id of the API key'),
  plan: Plan.optional().describe("What happens beyond the inbox, in place of the type's own plan"),
  deliverAt: Timestamp.optional().describe(`Not before this moment, at most ${HORIZON_DAYS} days ahead`),
  expiresAt: Timestamp.optional().describe(
    `Not delivered after, and gone from inboxes from, this moment, at most ${HORIZON_DAYS} days ahead`,
  ),
})
/** A notification as a sender writes it. */
export type NotificationInput = z.input<typeof Notification>
/** A notification after validation: `actor` is always an object. */
export type Notification = z.infer<typeof Notification>

/** A NATS payload may leave out what its subject says; saying something else is an error. */
export const NatsNotification = Notification.partial({ type: true })
export type NatsNotification = z.infer<typeof NatsNotification>

export const Batch = z.strictObject({ notifications: z.array(z.unknown()).min(1).max(BATCH_MAX) })

/**
 * How far a notification has come. `scheduled`: waits for `deliverAt`. `delivering`: some recipients have it.
 * `delivered`: every recipient has it in the inbox. `cancelled` and `expired` stop whatever was still pending.
 */
export const NOTIFICATION_STATES = ['scheduled', 'delivering', 'delivered', 'cancelled', 'expired'] as const
export const NotificationState = z.enum(NOTIFICATION_STATES)
export type NotificationState = z.infer<typeof NotificationState>

export const NotificationStatus = z.object({
  id: NotificationId,
  type: TypeKey,
  priority: Priority,
  state: NotificationState,
  acceptedAt: Timestamp,
  deliverAt: Timestamp.optional(),
  expiresAt: Timestamp.optional(),
  recipients: z.number().int().describe('Inboxes it has been stored in so far'),
  deliveries: DeliverySums.optional().describe(
    'With a delivery plan: how far its steps have come, by channel',
  ),
})
export type NotificationStatus = z.infer<typeof NotificationStatus>

/** A notification in a list. */
export const NotificationSummary = NotificationStatus.omit({ deliveries: true })
export type NotificationSummary = z.infer<typeof NotificationSummary>
