import { hash } from 'node:crypto'
import {
  AFTER_MAX_SECONDS,
  Channel,
  ContextKey,
  ItemContent,
  NotificationId,
  PlanStep,
  Priority,
  scheduleSubject,
  stepSubject,
  TenantId,
  TopicKey,
  TypeKey,
  TypeVersion,
  UserId,
} from '@carillon/schemas'
import { z } from 'zod'
import { checked } from '../json/checked.ts'
import { EpochMs } from '../json/epoch.ts'
import { parseJson } from '../json/json.ts'
import { uuid7Time } from '../notification/ids.ts'
import type { OutgoingMessage } from '../stream/port.ts'

/** A plan that has started: the delay of each step is in seconds after `at`, or an instant. */
export const TimedPlan = z.array(
  PlanStep.extend({
    after: z.union([z.int().min(0).max(AFTER_MAX_SECONDS), z.object({ at: EpochMs })]).default(0),
  }),
)
export type TimedPlan = z.infer<typeof TimedPlan>

/**
 * One step of a delivery plan for one user, as stored in the event log. It contains the id of the inbox item;
 * content and state are looked up when the step is due. Only Carillon writes steps, but other clients may
 * have access to the log, so steps are validated when they are read. Times are epoch ms.
 */
export const Step = z
  .object({
    tenant: TenantId,
    user: UserId,
    notification: NotificationId,
    item: z
      .string()
      .optional()
      .describe('The inbox item; absent for a one-time password, and with `content`'),
    content: ItemContent.optional().describe('The content, if the notification has no inbox item'),
    context: ContextKey.optional().describe('The context of the notification'),
    silent: z.boolean().optional().describe('The item is silent, so push steps are skipped'),
    secret: z.string().optional().describe('A one-time code, sealed for this tenant and notification'),
    name: z
      .string()
      .optional()
      .describe('With a secret: the app or company that asks for it, shown to the user'),
    sender: z.string().optional().describe('The sender that the notification names'),
    type: TypeKey,
    version: TypeVersion.optional().describe('The version of the type when the notification was accepted'),
    revision: z.int().min(0).optional().describe('The revision of the library at that time'),
    variant: z.string().optional().describe('The variant of the type that the user gets'),
    priority: Priority,
    at: EpochMs.describe('When the item was stored; each `after` is relative to it'),
    expiresAt: EpochMs.describe('When the step expires'),
    plan: TimedPlan.min(1),
    index: z.int().min(0).describe('Index of the step in the plan'),
    ownPlan: z.boolean().optional().describe("The plan is the notification's own, not that of its type"),
    overrides: z
      .partialRecord(Channel, z.string())
      .optional()
      .describe('Encrypted overrides by channel. On these channels, the message is in no digest or summary'),
    test: z.boolean().optional().describe('The notification is a test'),
    toAudience: z.boolean().describe('Whether the notification goes to an audience'),
    topics: z
      .array(TopicKey)
      .optional()
      .describe('The topics that the notification reached the user through, if there is no other way'),
    failed: z.boolean().optional().describe('The previous step did not reach the user'),
    destination: z
      .string()
      .optional()
      .describe("The device, or '' for an address of the profile; absent until destinations are known"),
    attempt: z.int().min(1).optional().describe('Number of the attempt at this destination, from 1'),
    since: EpochMs.optional().describe('When the destination was first attempted'),
    replay: z.int().min(0).optional().describe('Number of replays from the dead letters'),
    digest: z
      .object({
        kind: z.enum(['digest', 'frequency', 'quiet_hours']),
        window: z.string().max(64),
        id: z.string().max(64),
        size: z
          .int()
          .min(1)
          .optional()
          .describe('The number of its members, with those of digests among them'),
      })
      .optional()
      .describe('The closed window whose members this message covers'),
    slot: z.string().max(64).optional().describe('The key of the throttle under which the step has a slot'),
    held: z.int().min(1).optional().describe('Number of windows in which the step has waited'),
    undigested: z
      .boolean()
      .optional()
      .describe('The user no longer wants the digest that the step waited for: it may join another one'),
    queued: z.boolean().optional().describe('The step has already waited for a permit or a pause'),
  })
  .refine(({ plan, index }) => index < plan.length, '`index` is beyond the end of the plan')
  .refine(
    ({ item, content, secret, digest }) => item ?? content ?? secret ?? digest,
    'the step has neither item, content, secret nor digest',
  )
export type Step = z.infer<typeof Step>

/** Reads what `stepMessage` wrote. Throws `malformed_json` or `invalid_request` for anything else. */
export const readStep = (data: Uint8Array): Step => checked(Step, parseJson(data), 'step')

const encoder = new TextEncoder()
const digest = (...parts: (string | number)[]) => hash('sha256', parts.join('\n'), 'base64url')

/** Returns the key of a delivery for providers and claims, 32 characters. Equal on every attempt, new on every replay. */
export const deliveryKey = (step: Step, destination: string): string =>
  digest(step.tenant, step.notification, step.user, step.index, destination, step.replay ?? 0).slice(0, 32)

/** Returns when the notification was accepted, epoch ms: the same in every message of its plan. */
export const acceptedAt = ({
  item,
  content,
  notification,
}: Pick<Step, 'item' | 'content' | 'notification'>): number =>
  uuid7Time(item ?? content?.id ?? notification) ?? 0

/** Returns the context for which a one-time code is sealed. */
export const secretContext = ({ tenant, notification }: Pick<Step, 'tenant' | 'notification'>): string =>
  `otp:${tenant}:${notification}`

const planOf = (tenant: string, notification: string): string => digest(tenant, notification).slice(0, 22)

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Returns groups of schedule keys that contain the next steps of a notification for all of its users. Those of an audience are
 * in 64 groups, because the log stands still while it cancels one.
 */
export const planGroups = (tenant: string, notification: string, toAudience: boolean): string[] => {
  const plan = planOf(tenant, notification)
  if (!toAudience) return [scheduleSubject(tenant, 'delay', plan)]
  return [...BASE64URL].map((first) => scheduleSubject(tenant, 'delay', plan, first))
}

/**
 * Returns the schedule key of the plan's next step. At most one message per user and notification is
 * scheduled under it.
 */
export const planKey = ({
  tenant,
  notification,
  user,
}: Pick<Step, 'tenant' | 'notification' | 'user'>): string => {
  const hashed = digest(user).slice(0, 22)
  return scheduleSubject(tenant, 'delay', planOf(tenant, notification), hashed.slice(0, 1), hashed.slice(1))
}

/** Returns when a step is due, epoch ms. */
export const dueAt = ({ at, plan, index }: Pick<Step, 'at' | 'plan' | 'index'>): number => {
  const after = plan[index]?.after ?? 0
  return typeof after === 'number' ? at + after * 1_000 : Math.max(at, after.at)
}

/** Returns the next step of the plan, before its first attempt; undefined after the last. */
export const nextStep = ({
  failed: _failed,
  destination: _destination,
  attempt: _attempt,
  since: _since,
  queued: _queued,
  slot: _slot,
  held: _held,
  undigested: _undigested,
  ...step
}: Step): Step | undefined =>
  step.index + 1 < step.plan.length ? { ...step, index: step.index + 1 } : undefined

/** Returns the message of a step, due at once or at a scheduled time. */
export const stepMessage = (step: Step, schedule?: { at: number; key: string }): OutgoingMessage => {
  const channel = step.plan[step.index]?.channel
  if (channel === undefined) throw new RangeError(`the plan has no step ${step.index}`)
  return {
    subject: stepSubject(channel, step.priority, step.tenant),
    data: encoder.encode(JSON.stringify(step)),
    ...(schedule ? { schedule } : {}),
  }
}

/**
 * Returns the next step to schedule once `step` has been decided; undefined if none is left. Steps with `when: failed` are
 * not scheduled: the failure of the previous step makes them due.
 */
export const stepAfter = (step: Step): Step | undefined => {
  let next = nextStep(step)
  while (next?.plan[next.index]?.when === 'failed') next = nextStep(next)
  return next
}

/** Returns a dedupe id. It is the same for the same step in the same state, so that the log appends it once. */
export const stepDedupe = (step: Step): string =>
  digest(
    'step',
    step.tenant,
    step.notification,
    step.user,
    step.index,
    step.destination ?? '*',
    step.attempt ?? 0,
    step.replay ?? 0,
    step.failed ? 'failed' : '',
    step.held ?? 0,
  )
