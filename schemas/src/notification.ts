import { z } from 'zod'
import { DeliveryTotals } from './delivery.ts'
import { JsonObject } from './json-object.ts'
import { InboxMode, Plan } from './plan.ts'
import { nonEmptyText, text } from './text.ts'
import {
  Category,
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

const UserRecipient = z.strictObject({ user: UserId, ...UserProfile.shape }).meta({
  id: 'UserRecipient',
  description:
    'A user, with attributes to remember. An attribute that is not valid is ignored, and listed in the `warnings` of the response',
  examples: [{ user: 'ada', email: 'ada@example.com' }],
})
const TopicRecipient = z.strictObject({ topic: TopicKey }).meta({
  id: 'TopicRecipient',
  description: 'The members of a topic',
  examples: [{ topic: 'post-7' }],
})
const EveryoneRecipient = z.strictObject({ everyone: z.literal(true).describe('Always true') }).meta({
  id: 'EveryoneRecipient',
  description: 'Every user of the tenant',
  examples: [{ everyone: true }],
})
export const Recipient = z.union([UserId, UserRecipient, TopicRecipient, EveryoneRecipient]).meta({
  id: 'Recipient',
  description: 'A user id, a user with attributes to remember, a topic, or everyone',
  examples: ['ada', { user: 'ada', email: 'ada@example.com' }, { topic: 'post-7' }, { everyone: true }],
})
export type Recipient = z.infer<typeof Recipient>

export const ActionName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'an action name is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The name of an action', examples: ['reply'] })

export const Action = z
  .strictObject({
    name: ActionName,
    label: nonEmptyText(128).describe('The text of its button'),
    url: Link.optional(),
    primary: z.boolean().optional().describe('Whether it is the main action'),
  })
  .meta({
    id: 'Action',
    description: 'An action that an item offers',
    examples: [{ name: 'reply', label: 'Reply', url: '/posts/7#reply', primary: true }],
  })
export type Action = z.infer<typeof Action>

export const Actor = z
  .strictObject({
    user: UserId.optional().describe('The user who caused it. That user is never a recipient'),
    name: text(256).optional().describe('The name as people read it'),
    avatar: Link.optional(),
  })
  .meta({
    id: 'Actor',
    description: 'Who caused a notification',
    examples: [{ user: 'grace', name: 'Grace Hopper', avatar: 'https://example.com/grace.png' }],
  })
export type Actor = z.infer<typeof Actor>

export const Tag = nonEmptyText(64).describe('A tag, by which items are found')

/** What a person sees. Each inbox item has it as it was when the notification was accepted. */
const content = {
  title: text(512).optional().describe('One line of text'),
  body: text(16_384).optional().describe('The text'),
  url: Link.optional().describe('Where a click leads'),
  image: Link.optional().describe('A picture to show beside the text'),
  actions: z.array(Action).max(8).optional(),
  actor: z
    .union([UserId.transform((user) => ({ user })), Actor])
    .optional()
    .describe('Who caused it. A user id stands for an actor with that id'),
  category: Category.optional(),
  tags: z.array(Tag).max(16).optional().describe('Tags, by which items are found'),
  data: JsonObject.optional().describe(
    'Any JSON object, for templates and apps. It is returned as it was sent',
  ),
}

const EXAMPLE = {
  to: 'ada',
  title: 'Grace commented on your post',
  body: 'Have you tried turning it off and on again?',
  url: '/posts/7',
  actor: 'grace',
  data: { post: 7 },
}

/** What a backend sends. Over NATS, tenant, priority and type come from the subject instead. */
export const Notification = z
  .strictObject({
    id: NotificationId.optional(),
    to: z
      .union([Recipient, z.array(Recipient).min(1).max(LIST_MAX)])
      .describe('One recipient, or a list of them. Nobody gets a notification twice'),
    exclude: z.array(UserId).max(LIST_MAX).optional().describe('Users who do not get it'),
    type: TypeKey,
    priority: Priority.optional().describe("The priority. Left out, it is the type's own, else `normal`"),
    ...content,
    sender: z
      .string()
      .regex(TOKEN, 'a sender is 1 to 64 letters, digits, _ or -')
      .optional()
      .describe('The sender, for limits. Over HTTP it is always the id of the API key'),
    inbox: InboxMode.optional().describe(
      "What it leaves in the inbox. Left out, it is the type's own, else `shown`",
    ),
    plan: Plan.optional().describe("The delivery plan, in place of the type's own"),
    deliverAt: Timestamp.optional().describe(
      `The instant of its delivery, at most ${HORIZON_DAYS} days ahead; at once if it is left out or past`,
    ),
    expiresAt: Timestamp.optional().describe(
      `The instant from which it is no longer delivered or shown, at most ${HORIZON_DAYS} days ahead`,
    ),
  })
  .meta({
    id: 'Notification',
    description: 'A notification, as a backend sends it',
    examples: [{ type: 'comment.created', ...EXAMPLE }],
  })
/** A notification as a sender writes it. */
export type NotificationInput = z.input<typeof Notification>
/** A notification after validation: `actor` is always an object. */
export type Notification = z.infer<typeof Notification>

/** A NATS payload may leave out what its subject says; saying something else is an error. */
export const NatsNotification = Notification.partial({ type: true }).meta({
  id: 'UntypedNotification',
  description:
    'A notification whose type may be left out: it is then that of the CloudEvent or of the NATS subject',
  examples: [EXAMPLE],
})
export type NatsNotification = z.infer<typeof NatsNotification>

export const Batch = z.strictObject({ notifications: z.array(z.unknown()).min(1).max(BATCH_MAX) })

/**
 * How far a notification has come. `scheduled`: waits for `deliverAt`. `delivering`: some recipients have it.
 * `delivered`: every recipient has it in the inbox. `cancelled` and `expired` stop whatever was still pending.
 */
export const NOTIFICATION_STATES = ['scheduled', 'delivering', 'delivered', 'cancelled', 'expired'] as const
export const NotificationState = z.enum(NOTIFICATION_STATES).meta({
  id: 'NotificationState',
  description: `The state of a notification.

- \`scheduled\`: it waits for \`deliverAt\`.
- \`delivering\`: some recipients have it in their inbox.
- \`delivered\`: every recipient has it in the inbox.
- \`cancelled\`, \`expired\`: what was pending is not delivered.`,
})
export type NotificationState = z.infer<typeof NotificationState>

const summary = z.object({
  id: NotificationId,
  type: TypeKey,
  priority: Priority,
  state: NotificationState,
  acceptedAt: Timestamp.describe('The instant of its acceptance'),
  deliverAt: Timestamp.optional().describe('The instant of its delivery, if it was scheduled'),
  expiresAt: Timestamp.optional().describe('The instant of its expiry, if it has one'),
  recipients: z.int().min(0).describe('The number of inboxes that have it so far'),
})
const SUMMARY_EXAMPLE = {
  id: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d',
  type: 'comment.created',
  priority: 'normal',
  state: 'delivered',
  acceptedAt: '2026-01-31T09:00:00.000Z',
  recipients: 1,
}

export const NotificationStatus = summary
  .extend({
    deliveries: DeliveryTotals.optional().describe('The delivery totals, if it has a delivery plan'),
  })
  .meta({
    id: 'NotificationStatus',
    description: 'The progress of a notification',
    examples: [{ ...SUMMARY_EXAMPLE, deliveries: { email: { sent: 1 } } }],
  })
export type NotificationStatus = z.infer<typeof NotificationStatus>

/** A notification in a list. */
export const NotificationSummary = summary.meta({
  id: 'NotificationSummary',
  description: 'A notification in a list',
  examples: [SUMMARY_EXAMPLE],
})
export type NotificationSummary = z.infer<typeof NotificationSummary>
