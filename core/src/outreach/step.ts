import { hash } from 'node:crypto'
import { type Plan, type Priority, scheduleSubject, stepSubject } from '@carillon/schemas'
import type { OutgoingMessage } from '../stream/port.ts'

/**
 * One step of a delivery plan for one user, as it travels through the event log. It names the inbox item rather than
 * repeating it: whether the step is still wanted, and what it says, is looked up when its turn comes.
 */
export type Step = {
  tenant: string
  user: string
  notification: string
  /** The inbox item. A one-time password has none: `secret` says it. */
  item?: string
  /** The code of a one-time password, sealed for this tenant and notification. */
  secret?: string
  /** With a secret: who asks for it, as people are told. */
  name?: string
  type: string
  priority: Priority
  /** When the item was put into the inbox, epoch ms: the `after` of every step counts from here. */
  at: number
  /** Not to be sent any more from this moment on, epoch ms. */
  expiresAt: number
  plan: Plan
  /** Which step of the plan. */
  index: number
  /** Whether the notification's deliveries are spread over partitions: those of an audience are. */
  wide: boolean
  /** The step before it failed. */
  failed?: boolean
  /** Only this target (a device id, or '' for the address of the profile); absent before targets are looked up. */
  target?: string
  /** From 1; how often this target has been tried. */
  attempt?: number
  /** From 0; how often it has been replayed from the dead letters: each time is a new journey. */
  journey?: number
  /** Waited for its turn at a provider's pace before: it does not go to the end of the queue again. */
  queued?: boolean
}

const encoder = new TextEncoder()
const digest = (...parts: (string | number)[]) => hash('sha256', parts.join('\n'), 'base64url')

/** The same on every attempt of a journey, and no other's: what providers and claims are keyed by. 32 characters. */
export const deliveryKey = (step: Step, target: string): string =>
  digest(step.tenant, step.notification, step.user, step.index, target, step.journey ?? 0).slice(0, 32)

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
    step.journey ?? 0,
    step.failed ? 'failed' : '',
  )
