import { z } from 'zod'
import { Channel } from '../delivery/channel.ts'

/**
 * What has to be true of a person for a step to be taken.
 *
 * - `always`: nothing.
 * - `offline`: no app of theirs takes it. At once when none is connected, else if none acknowledges it soon.
 * - `undelivered`: no app of theirs has acknowledged it.
 * - `unseen`, `unread`: they have not seen, or read, it.
 * - `failed`: the step before did not reach them, whatever they did meanwhile being as in `unread`.
 *
 * Whoever has read, archived, snoozed or deleted it is not reached by any of them but `always`.
 */
export const CONDITIONS = ['always', 'offline', 'undelivered', 'unseen', 'unread', 'failed'] as const
export const Condition = z.enum(CONDITIONS).meta({
  id: 'Condition',
  description: `The condition of a step of a delivery plan, checked when the step is due. Every condition but \`always\` is false once
the person has read, archived, snoozed or deleted the item.

- \`always\`: no condition.
- \`offline\`: no app of the person is connected, or none acknowledges the item within seconds.
- \`undelivered\`: no app of the person has acknowledged the item.
- \`unseen\`: the person has not seen the item.
- \`unread\`: the person has not read the item.
- \`failed\`: the step before failed, and the item is unread.`,
})
export type Condition = z.infer<typeof Condition>

/** The longest a step may wait: thirty days, in seconds. */
export const AFTER_MAX_SECONDS = 30 * 86_400
export const STEPS_MAX = 10

export const PlanStep = z
  .strictObject({
    channel: Channel,
    when: Condition.default('undelivered'),
    after: z
      .int()
      .min(0)
      .max(AFTER_MAX_SECONDS)
      .default(0)
      .describe('Seconds since the item was stored. A step never runs before the step ahead of it'),
  })
  .meta({
    id: 'PlanStep',
    description: 'One step of a delivery plan: a channel, a condition and a delay',
    examples: [{ channel: 'email', when: 'unread', after: 600 }],
  })
export type PlanStep = z.infer<typeof PlanStep>

/**
 * What else happens with a notification once it is in the inbox: steps in order, each taken when its time has come
 * and its condition holds. When one fails for good, the next is due at once.
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
