import { z } from 'zod'
import { Category, TypeKey } from '../fields/ids.ts'
import { JsonObject } from '../fields/json.ts'
import { Priority } from '../fields/priority.ts'
import { nonEmptyText } from '../fields/text.ts'
import { Display } from '../inbox/item.ts'
import { ChannelChoices } from '../user/preferences.ts'
import { DigestRule, ThrottleRule } from './digest-rule.ts'
import { Expression } from './expression.ts'
import { InboxMode } from './inbox-mode.ts'
import { Plan } from './plan.ts'
import { Template, templatesShape } from './templates.ts'
import { TypeVariants } from './variant.ts'

/** A notification type in requests: the defaults of its notifications. */
export const NotificationTypeInput = z
  .strictObject({
    name: nonEmptyText(128).optional().describe('The name as people read it, for example in preferences'),
    category: Category.optional(),
    priority: Priority.optional().describe('The priority of notifications without one. Defaults to `normal`'),
    inbox: InboxMode.optional().describe('How its notifications appear in the inbox. Defaults to `shown`'),
    display: Display.optional(),
    if: Expression.optional().describe(
      'A condition in CEL over `data`, `user` and `tenant`. Users who do not meet it get nothing, not even an inbox item',
    ),
    critical: z
      .boolean()
      .optional()
      .describe(
        'Whether it bypasses preferences, quiet hours, throttles and digests. Only for what a person must know',
      ),
    optOut: z
      .boolean()
      .optional()
      .describe('`false`: transactional. People cannot switch it off, and it has no unsubscribe link'),
    defaults: ChannelChoices.optional().describe('The channels that are on or off until a user chooses'),
    schema: JsonObject.optional().describe(
      'The JSON Schema of `data`: draft 2020-12, or draft-07 if `$schema` says so',
    ),
    sample: JsonObject.optional().describe('Sample `data`, for previews'),
    ...templatesShape,
    group: Template.min(1)
      .optional()
      .describe(
        'The key of the group that its inbox items belong to, as a Liquid template. The items of one type, context and key are one group, which lists show as one item',
      ),
    expiresAfter: z
      .int()
      .min(1)
      .max(366 * 86_400)
      .optional()
      .describe('The time to live of notifications without `expiresAt`, in seconds from their delivery time'),
    plan: Plan.optional().describe('The delivery plan of notifications without one'),
    digest: DigestRule.optional().describe(
      'Collects the messages of every step that has no digest of its own',
    ),
    throttle: ThrottleRule.optional(),
    variants: TypeVariants.optional().describe(
      'Variants of the texts or the plan. Each user always gets the same one. The weights are their shares',
    ),
  })
  .meta({
    id: 'NotificationTypeInput',
    description: 'A notification type in requests',
    examples: [
      {
        name: 'New comment',
        category: 'comments',
        priority: 'normal',
        plan: [{ channel: 'email', when: 'unread', after: 600 }],
      },
    ],
  })
export type NotificationTypeInput = z.infer<typeof NotificationTypeInput>

/** A 32-bit integer in both stores. */
export const TypeVersion = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .describe('The version. It grows by one with each change')

export const NotificationType = z
  .object({
    key: TypeKey,
    version: TypeVersion,
    ...NotificationTypeInput.shape,
  })
  .meta({
    id: 'NotificationType',
    description: 'A notification type: the defaults of its notifications',
    examples: [
      {
        key: 'comment.created',
        version: 1,
        name: 'New comment',
        category: 'comments',
        priority: 'normal',
        plan: [{ channel: 'email', when: 'unread', after: 600 }],
      },
    ],
  })
export type NotificationType = z.infer<typeof NotificationType>
