import { z } from 'zod'

/** Ways to reach somebody outside the bell. `push` is every device of theirs: browsers, FCM and APNs. */
export const CHANNELS = [
  'push',
  'email',
  'sms',
  'mms',
  'whatsapp',
  'webhook',
  'slack',
  'teams',
  'discord',
  'telegram',
] as const
export const Channel = z.enum(CHANNELS)
export type Channel = z.infer<typeof Channel>

/**
 * What a notification leaves in the inbox. `shown`: an item. `silent`: an item that is counted as unread, without a
 * sound, a toast or a push. `none`: no item; the delivery plan is all there is.
 */
export const INBOX_MODES = ['shown', 'silent', 'none'] as const
export const InboxMode = z.enum(INBOX_MODES)
export type InboxMode = z.infer<typeof InboxMode>

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
export const Condition = z.enum(CONDITIONS)
export type Condition = z.infer<typeof Condition>

/** The longest a step may wait: thirty days, in seconds. */
export const AFTER_MAX_SECONDS = 30 * 86_400
export const STEPS_MAX = 10

export const PlanStep = z.strictObject({
  channel: Channel,
  when: Condition.default('undelivered'),
  after: z
    .int()
    .min(0)
    .max(AFTER_MAX_SECONDS)
    .default(0)
    .describe('Seconds since it was put into the inbox; never before the step that stands ahead of it'),
})
export type PlanStep = z.infer<typeof PlanStep>

/**
 * What else happens with a notification once it is in the inbox: steps in order, each taken when its time has come
 * and its condition holds. When one fails for good, the next is due at once.
 */
export const Plan = z
  .array(PlanStep)
  .max(STEPS_MAX)
  .describe('Steps beyond the inbox, in order; an empty list means the inbox only')
export type Plan = z.infer<typeof Plan>
