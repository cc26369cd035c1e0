import { hash } from 'node:crypto'
import {
  ItemContent,
  NotificationId,
  Plan,
  Priority,
  scheduleSubject,
  stepSubject,
  TenantId,
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

/**
 * One step of a delivery plan for one user, as it travels through the event log. It names the inbox item rather than
 * repeating it: whether the step is still wanted, and what it says, is looked up when its turn comes. Steps are written by
 * ourselves, but the log is outside: what does not read as a step is refused, not trusted. Times are epoch ms.
 */
export const Step = z
  .object({
    tenant: TenantId,
    user: UserId,
    notification: NotificationId,
    item: z
      .string()
      .optional()
      .describe('The inbox item; none of a one-time password, nor where `content` is all there is'),
    content: ItemContent.optional().describe('What it says, if the notification leaves no item in the inbox'),
    silent: z.boolean().optional().describe('The item is silent: there is no push'),
    secret: z.string().optional().describe('A one-time code, sealed for this tenant and notification'),
    name: z.string().optional().describe('With a secret: who asks for it, as people are told'),
    sender: z.string().optional().describe('Who sent the notification, as it says'),
    type: TypeKey,
    version: TypeVersion.optional().describe('Of the type, when the notification was accepted'),
    priority: Priority,
    at: EpochMs.describe('When the item was put into the inbox: every `after` counts from here'),
    expiresAt: EpochMs.describe('Not to be sent any more from then on'),
    plan: Plan.min(1),
    index: z.int().min(0).describe('Which step of the plan'),
    toAudience: z.boolean().describe('Whether the notification goes to an audience'),
    failed: z.boolean().optional().describe('The step before it did not reach the user'),
    target: z
      .string()
      .optional()
      .describe("Only this device, or '' for the address of the profile; absent until targets are looked up"),
    attempt: z.int().min(1).optional().describe('How often this target has been tried, from 1'),
    since: EpochMs.optional().describe('When it was first attempted, epoch ms'),
    replay: z
      .int()
      .min(0)
      .optional()
      .describe('How often it has been replayed from the dead letters, from 0'),
    queued: z.boolean().optional().describe("It has waited for its turn at a provider's pace before"),
  })
  .refine(({ plan, index }) => index < plan.length, 'the plan has no such step')
  .refine(({ item, content, secret }) => item ?? content ?? secret, 'the step says nothing')
export type Step = z.infer<typeof Step>

/** Reads what `stepMessage` wrote. Throws `malformed_json` or `invalid_request` for anything else. */
export const readStep = (data: Uint8Array): Step => checked(Step, parseJson(data), 'step')

const encoder = new TextEncoder()
const digest = (...parts: (string | number)[]) => hash('sha256', parts.join('\n'), 'base64url')

/** The same on every attempt of a journey, and no other's: what providers and claims are keyed by. 32 characters. */
export const deliveryKey = (step: Step, target: string): string =>
  digest(step.tenant, step.notification, step.user, step.index, target, step.replay ?? 0).slice(0, 32)

/** When what it is about was accepted, epoch ms: the same in every message of its plan, whenever they were written. */
export const acceptedAt = ({
  item,
  content,
  notification,
}: Pick<Step, 'item' | 'content' | 'notification'>): number =>
  uuid7Time(item ?? content?.id ?? notification) ?? 0

/** What a one-time code is sealed for. */
export const secretContext = ({ tenant, notification }: Pick<Step, 'tenant' | 'notification'>): string =>
  `otp:${tenant}:${notification}`

/** The key of the one message per item that waits for the plan's next step. */
export const planKey = ({
  tenant,
  notification,
  user,
}: Pick<Step, 'tenant' | 'notification' | 'user'>): string =>
  scheduleSubject(tenant, `plan-${digest(tenant, notification, user).slice(0, 32)}`)

/** When a step's time comes, epoch ms. */
export const dueAt = ({ at, plan, index }: Step): number => at + (plan[index]?.after ?? 0) * 1_000

/** The step that stands behind this one in the plan, as it begins; undefined behind the last. */
export const nextStep = ({
  failed: _failed,
  target: _target,
  attempt: _attempt,
  since: _since,
  queued: _queued,
  ...step
}: Step): Step | undefined =>
  step.index + 1 < step.plan.length ? { ...step, index: step.index + 1 } : undefined

/** A step on its way to its channel, to be handled at `when` (epoch ms) under a schedule `key`, or at once. */
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
 * The step that is waited for once `step` has been looked at; undefined when none is left. Those that want the step
 * before them to have failed are not waited for: that step calls them.
 */
export const stepAfter = (step: Step): Step | undefined => {
  let next = nextStep(step)
  while (next?.plan[next.index]?.when === 'failed') next = nextStep(next)
  return next
}

/** The log takes the same step at the same point of its way only once. */
export const stepDedupe = (step: Step): string =>
  digest(
    'step',
    step.tenant,
    step.notification,
    step.user,
    step.index,
    step.target ?? '*',
    step.attempt ?? 0,
    step.replay ?? 0,
    step.failed ? 'failed' : '',
  )
