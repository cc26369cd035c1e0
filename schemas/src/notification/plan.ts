import { z } from 'zod'
import { Channel } from '../delivery/channel.ts'
import { RelativeTime } from './delivery-time.ts'
import { DigestRule } from './digest-rule.ts'
import { Expression } from './expression.ts'

export const CONDITIONS = ['always', 'offline', 'undelivered', 'unseen', 'unread', 'failed'] as const
export const Condition = z.enum(CONDITIONS).meta({
  id: 'Condition',
  description: `The condition of a step of a delivery plan, checked when the step is due. Every condition but \`always\` is false once
the person has read, archived, snoozed or deleted the item.

- \`always\`: no condition.
- \`offline\`: no app of the person is in use, or none acknowledges the item within seconds.
- \`undelivered\`: no app of the person has acknowledged the item.
- \`unseen\`: the person has not seen the item.
- \`unread\`: the person has not read the item.
- \`failed\`: the step before failed, and the item is unread.`,
})
export type Condition = z.infer<typeof Condition>

/** The longest delay of a step, in seconds: 30 days. */
export const AFTER_MAX_SECONDS = 30 * 86_400
export const STEPS_MAX = 10

export const PlanStep = z
  .strictObject({
    channel: Channel,
    when: Condition.default('undelivered'),
    after: z
      .union([z.int().min(0).max(AFTER_MAX_SECONDS), RelativeTime])
      .default(0)
      .describe(
        'Seconds since the item was stored, or a time relative to a date in `data`, at most 30 days after the start of the plan. A step never runs before the step ahead of it',
      ),
    digest: DigestRule.optional().describe(
      "Collects the messages of this step, in place of the type's own digest",
    ),
    if: Expression.optional().describe(
      'A condition in CEL over `data`, `user` and `tenant`, checked when the step is due. A step whose condition is false, or fails, is skipped',
    ),
  })
  .meta({
    id: 'PlanStep',
    description: 'One step of a delivery plan: a channel, a condition and a delay',
    examples: [{ channel: 'email', when: 'unread', after: 600 }],
  })
export type PlanStep = z.infer<typeof PlanStep>

/**
 * A delivery plan: steps in order. A step runs when it is due and its condition is true. If it fails for good, the next one
 * is due at once.
 */
export const Plan = z
  .array(PlanStep)
  .max(STEPS_MAX)
  .meta({
    id: 'Plan',
    description:
      'A delivery plan: the steps beyond the inbox, in order. If a step fails for good, the next one is due at once. An empty list means the inbox only',
    examples: [
      [
        { channel: 'push', when: 'offline', after: 0 },
        { channel: 'email', when: 'unread', after: 600 },
      ],
    ],
  })
export type Plan = z.infer<typeof Plan>
