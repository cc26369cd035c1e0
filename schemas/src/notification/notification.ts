import { z } from 'zod'
import { Category, ContextKey, EntityKey, NotificationId, TypeKey, UserId } from '../fields/ids.ts'
import { JsonObject } from '../fields/json.ts'
import { Priority } from '../fields/priority.ts'
import { nonEmptyText, text } from '../fields/text.ts'
import { HORIZON_DAYS, Timestamp } from '../fields/timestamp.ts'
import { TOKEN } from '../fields/token.ts'
import { Link } from '../fields/url.ts'
import { Action } from './action.ts'
import { Actor } from './actor.ts'
import { Late, LocalTime, RelativeTime } from './delivery-time.ts'
import { InboxMode } from './inbox-mode.ts'
import { Overrides } from './overrides.ts'
import { Plan } from './plan.ts'
import { Recipient } from './recipient.ts'

/** Maximum size of a notification over HTTP or NATS, in bytes of JSON. */
export const NOTIFICATION_MAX_BYTES = 65_536
/** Maximum number of notifications in one `POST /v1/notifications/batch`. */
export const BATCH_MAX = 1_000
/** Maximum number of entries in `to` and `exclude`. A larger audience needs a topic. */
export const LIST_MAX = 1_000

export const Tag = nonEmptyText(64).describe('A tag, by which items are found')

/** A name under which senders cancel notifications together. */
export const CancelKey = nonEmptyText(128, { exact: true }).describe(
  'A key, unique per tenant, under which notifications are cancelled together',
)

/** The content of a notification, which is copied to its items when it is accepted. */
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
  context: ContextKey.optional(),
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

/** A notification as sent by a backend. Over NATS, the subject supplies tenant, priority and type. */
export const Notification = z
  .strictObject({
    id: NotificationId.optional(),
    to: z
      .union([Recipient, z.array(Recipient).min(1).max(LIST_MAX)])
      .describe('One recipient, or a list of them. Nobody gets a notification twice'),
    exclude: z.array(UserId).max(LIST_MAX).optional().describe('Users who do not get it'),
    type: TypeKey,
    priority: Priority.optional().describe("The priority. Defaults to the type's, else `normal`"),
    ...content,
    sender: z
      .string()
      .regex(TOKEN, 'a sender is 1 to 64 letters, digits, _ or -')
      .optional()
      .describe('The sender, for limits. Over HTTP it is always the id of the API key'),
    inbox: InboxMode.optional().describe("How it appears in the inbox. Defaults to the type's, else `shown`"),
    plan: Plan.optional().describe("The delivery plan, in place of the type's own"),
    overrides: Overrides.optional(),
    deliverAt: z
      .union([Timestamp, LocalTime, RelativeTime])
      .optional()
      .describe(
        `When it is delivered, at most ${HORIZON_DAYS} days ahead: an instant, a local time for each recipient, or a time relative to a date in \`data\`. Defaults to now`,
      ),
    late: Late.optional().describe('What happens if `deliverAt` has passed. Defaults to `now`'),
    expiresAt: z
      .union([Timestamp, LocalTime])
      .optional()
      .describe(
        `When it expires and is no longer delivered or shown, at most ${HORIZON_DAYS} days ahead: an instant, or a local time for each recipient`,
      ),
    entity: EntityKey.optional().describe('The object that it is about, by which its items are found'),
    replace: z
      .boolean()
      .optional()
      .describe(
        "Replaces each recipient's newest item of this context, type and entity in place and without a sound, or adds one if there is none. Requires `entity`",
      ),
    cancelKey: CancelKey.optional(),
    test: z
      .boolean()
      .optional()
      .describe('Marks a test: its title and subject start with `[Test]`, and its status has `test`'),
    dryRun: z
      .boolean()
      .optional()
      .describe(
        'Decides and renders the notification, but sends nothing. The response is then a 200. Only for a single notification over HTTP',
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

/** The error for a dry run in a batch or over NATS. */
export const NO_DRY_RUN = 'a dry run is a single notification over HTTP'

/** A notification over NATS: its subject supplies the type. A payload with another type is rejected. */
export const UntypedNotification = z
  .strictObject({
    ...Notification.partial({ type: true }).shape,
    dryRun: z.literal(false, NO_DRY_RUN).optional().describe('There is no dry run over NATS'),
  })
  .meta({
    id: 'UntypedNotification',
    description:
      'A notification whose type may be omitted. It defaults to that of the CloudEvent or NATS subject',
    examples: [EXAMPLE],
  })
export type UntypedNotification = z.infer<typeof UntypedNotification>

export const Batch = z.strictObject({ notifications: z.array(z.unknown()).min(1).max(BATCH_MAX) })
