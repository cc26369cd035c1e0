import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { Timestamp } from '../fields/timestamp.ts'

/** The stages of a notification at which something is decided, in order, and what is decided there. */
export const DECISION_STAGES = {
  audience: 'whether the user is a recipient',
  inbox: 'whether an item is stored',
  preference: 'whether preferences and defaults allow the channel',
  condition: 'whether the step is due and its condition holds',
  digest: 'whether a digest collects it',
  quiet_hours: 'whether it waits for the end of quiet hours',
  throttle: 'whether the limit of its throttle is reached',
  send: 'whether the user can be reached, and what the provider said',
} as const

/** What a decision leads to. */
export const DECISION_OUTCOMES = {
  pass: 'it goes on to the next stage',
  wait: 'it waits, and is decided or tried again later, at `until` if known',
  join: 'it becomes part of a digest',
  skip: 'this step or the inbox item is skipped, which is not a failure',
  end: 'everything still pending for this user is skipped',
  sent: 'the provider accepted it',
  failed: 'it was not sent, and is not tried again',
  in_doubt: 'it is unknown whether it was sent',
} as const

/** Whose choice a decision follows. */
export const DECIDERS = {
  type: 'the notification type',
  category: 'the category',
  user: 'the user',
  user_context: "the user's choices in the notification's context",
  context: "the context's defaults",
  tenant: "the tenant's defaults and settings",
  sender: 'the backend, in the notification or a later request',
  system: 'nobody: it follows from the current state',
} as const

/** Why it was decided so, in words that complete "because". */
export const DECISION_REASONS = {
  critical: 'the type is critical and bypasses preferences',
  otp: 'it is a one-time password and bypasses preferences',
  transactional: 'users cannot opt out of the type or its category',
  muted: 'the user muted all notifications',
  topic_muted: 'the user muted every topic that it was addressed to',
  opted_out: 'the user switched it off',
  default_off: 'it is off by default, and the user did not switch it on',
  condition_false: 'the condition on its data is false',
  condition_error: 'the condition on its data could not be evaluated',
  read: 'the user has read the item',
  seen: 'the user has seen the item',
  delivered: 'an app of the user has received the item',
  archived: 'the user has archived the item',
  deleted: 'the item is no longer in the inbox',
  online: 'the user has an app in use, or had one a moment ago',
  not_needed: 'the step before has reached the user',
  delay: 'the step has a delay',
  digest: 'it is collected for a digest',
  nothing_left: 'nothing in the digest was left to send',
  snoozed: 'the user has snoozed it',
  quiet_hours: 'the user has quiet hours',
  throttled: 'the limit of its throttle was reached',
  no_address: 'the user has no address or device for the channel',
  no_provider: 'the tenant has no provider account for the channel',
  suppressed: 'every address of the user is on the suppression list',
  copy_suppressed: 'an address in cc or bcc is on the suppression list, and got no copy',
  endpoint_disabled: 'every endpoint was disabled after failing for days',
  queued: 'it waits for its turn',
  retry: 'an attempt failed, and another one follows',
  erased: 'the user is erased',
  expired: 'the notification has expired',
  cancelled: 'the notification was cancelled',
  late: 'its delivery time had passed',
  scheduled: 'it is scheduled for later',
  delivering: 'its recipients are still being processed',
  excluded: 'the notification excludes the user',
  not_recipient: 'it was not addressed to the user',
  template_error: 'a template failed',
  silent: 'the notification is silent',
  no_item: 'the notification has no inbox items',
  replaced: 'it replaced the content of an earlier item, and so starts no steps',
  superseded: 'the inbox had a newer version of the item',
} as const

const words = <Word extends string>(
  id: string,
  description: string,
  table: Readonly<Record<Word, string>>,
) => {
  const names = Object.keys(table) as [Word, ...Word[]]
  const list = names.map((name) => `- \`${name}\`: ${table[name]}`).join('\n')
  return z.enum(names).meta({ id, description: `${description}\n\n${list}` })
}

export const DecisionStage = words(
  'DecisionStage',
  'What is decided. The stages come in this order:',
  DECISION_STAGES,
)
export type DecisionStage = z.infer<typeof DecisionStage>

export const DecisionOutcome = words('DecisionOutcome', 'What the decision leads to.', DECISION_OUTCOMES)
export type DecisionOutcome = z.infer<typeof DecisionOutcome>

export const Decider = words('Decider', 'Whose choice the decision follows.', DECIDERS)
export type Decider = z.infer<typeof Decider>

export const DecisionReason = words('DecisionReason', 'Why it was decided so.', DECISION_REASONS)
export type DecisionReason = z.infer<typeof DecisionReason>

export const ExplainedDecision = z
  .object({
    at: Timestamp.describe('When it was decided'),
    stage: DecisionStage,
    channel: DeliveryChannel.optional(),
    step: z.int().min(0).optional().describe('The index of the step in the delivery plan'),
    outcome: DecisionOutcome,
    by: Decider,
    path: z
      .string()
      .optional()
      .describe('The path of the value that decided, such as `categories.orders.email`'),
    reason: DecisionReason.optional(),
    until: Timestamp.optional().describe('When it stops waiting'),
    device: z.string().optional().describe('The id of the device, if the channel has several per user'),
    provider: z.string().optional().describe('The id of the provider account that was asked'),
    detail: z
      .string()
      .optional()
      .describe(
        'What the provider said, or why it waits: a code, then words. Or what failed in a condition or template',
      ),
    variant: z.string().optional().describe('The variant of the type that the user gets'),
    text: z.string().describe('The decision as an English sentence'),
  })
  .meta({
    id: 'ExplainedDecision',
    description: 'A decision about a notification and a user',
    examples: [
      {
        at: '2026-01-31T09:10:00.000Z',
        stage: 'condition',
        channel: 'email',
        step: 0,
        outcome: 'end',
        by: 'user',
        reason: 'read',
        text: 'E-mail (step 0) and every later step were skipped at 2026-01-31T09:10:00.000Z, because the user has read the item (decided by the user).',
      },
    ],
  })
export type ExplainedDecision = z.infer<typeof ExplainedDecision>

export const Explanation = z
  .object({
    test: z.boolean().optional().describe('Set if the notification is a test'),
    decisions: z.array(ExplainedDecision).describe('In the order in which they were taken'),
  })
  .meta({
    id: 'Explanation',
    description: 'Every decision about a notification and a user',
    examples: [
      {
        decisions: [
          {
            at: '2026-01-31T09:00:00.000Z',
            stage: 'audience',
            outcome: 'end',
            by: 'sender',
            path: 'exclude',
            reason: 'excluded',
            text: 'Everything for the user was skipped at 2026-01-31T09:00:00.000Z, because the notification excludes the user (decided by the sender, exclude).',
          },
        ],
      },
    ],
  })
export type Explanation = z.infer<typeof Explanation>
