import { deliveryKey, planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import { conclude, makesNextDue } from '@carillon/core/routing/after-failure'
import type { Decision, StepDecision } from '@carillon/core/routing/decision'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { DeadReason, OutgoingMessage } from '@carillon/core/stream/port'
import { type Suppression, type SuppressionReason, scheduleSubject } from '@carillon/schemas'
import type { SentMessage } from '../reports/sent-messages.ts'
import type { Ending, Explanation } from './ending.ts'
import { changeOf, channelOf, type Times, withBeginnings } from './ledger-changes.ts'

/** The consequences of a step. They are made durable before the step is acknowledged. */
export type Consequences = {
  tenant: string
  /** Changes of the ledger. */
  changes: readonly DeliveryChange[]
  /** Why the step is skipped or waits. */
  decision?: DecisionEntry
  /** Decisions about the steps in a digest. */
  decisions?: readonly DecisionEntry[]
  /** The next attempt, or the next check on another process. */
  messages: readonly OutgoingMessage[]
  /** The step is skipped after it has taken the slot of a throttle. */
  unsent?: Step
  /** The sent message, for later reports of the provider. */
  remember?: SentMessage
  /** A device that no longer exists. */
  gone?: { user: string; device: string }
  suppression?: Suppression
  /**
   * Set if this destination failed: what follows if no other destination of `step` can still be reached. That is the
   * plan's next step, or, after the last one, a dead letter.
   */
  failed?: { step: Step; messages: readonly OutgoingMessage[]; dead?: DeadReason }
}

/** Returns the decisions that led to some consequences, for `/metrics`. */
export const decisionsOf = ({
  changes,
  decision,
}: Consequences): Pick<Decision, 'stage' | 'outcome' | 'reason'>[] => [
  ...(changes.at(-1)?.passed ?? []).map((passed) => ({ ...passed, outcome: 'pass' as const })),
  ...(decision ? [decision.decision] : []),
  ...changes.flatMap(({ state, reason }) => {
    if (state !== 'sent' && state !== 'failed' && state !== 'in_doubt') return []
    // Other reasons of a failure are the provider's, and unbounded.
    const ours = reason === 'template_error' ? { reason: 'template_error' as const } : {}
    return [{ stage: 'send' as const, outcome: state, ...ours } as const]
  }),
]

/** Schedules the step in the log for `at`. Messages of different `purpose` do not replace each other. */
const later = (step: Step, at: number, purpose: 'step' | 'look' = 'step'): OutgoingMessage => {
  const key = scheduleSubject(step.tenant, 'retry', `${purpose}-${deliveryKey(step, step.destination ?? '')}`)
  return stepMessage(step, { at, key })
}

/** Returns what follows once no destination of the step can be reached: the next step at once, or the dead letter. */
const failed = (step: Step, now: number, dead?: DeadReason): NonNullable<Consequences['failed']> => {
  const conclusion = conclude(step, [])
  if (conclusion.follows !== 'next') return { step, messages: [], ...(dead && { dead }) }
  const next = conclusion.step
  const message = stepMessage(next, { at: now, key: planKey(step) })
  return { step, messages: [{ ...message, dedupe: stepDedupe(next) }] }
}

const undeliverable = (detail: string): DeadReason => ({ code: 'undeliverable', detail })

const inWords = (step: Step, { reason, detail }: Explanation) => `${channelOf(step)}: ${reason}: ${detail}`

const suppressionOf = (
  step: Step,
  { address, account }: { address: string; account: string },
  reason: SuppressionReason,
  now: number,
): Suppression => ({
  channel: channelOf(step),
  address,
  reason,
  at: new Date(now).toISOString(),
  source: account,
})

const refused = (
  step: Step,
  { account, reason, detail, forget, address }: Extract<Ending, { ending: 'refused' }>,
  now: number,
): Omit<Consequences, 'tenant'> => {
  const change = changeOf(step, 'failed', now, {
    attempt: step.attempt ?? 1,
    provider: account,
    reason,
    detail,
  })
  // A device that no longer exists needs no action by the tenant, so there is no dead letter.
  const dead = forget === 'device' ? undefined : undeliverable(`${reason}: ${detail}`)
  return {
    changes: [change],
    messages: [],
    failed: failed(step, now, dead),
    ...(forget === 'device' && step.destination
      ? { gone: { user: step.user, device: step.destination } }
      : {}),
    ...(forget !== undefined && forget !== 'device' && address !== undefined
      ? { suppression: suppressionOf(step, { address, account }, forget, now) }
      : {}),
  }
}

export const entryOf = (
  { notification, user, toAudience }: Step,
  { window: _window, ...decision }: StepDecision & { window?: unknown },
): DecisionEntry => ({ notification, user, toAudience, decision })

const reasonOf = ({ reason, detail }: StepDecision & { outcome: 'skip' | 'end' }) => ({
  reason,
  ...(detail === undefined ? {} : { detail }),
})

const skipped = (
  step: Step,
  { decision }: Extract<Ending, { ending: 'skipped' }>,
  now: number,
): Omit<Consequences, 'tenant'> => ({
  changes: [changeOf(step, 'skipped', now, reasonOf(decision))],
  decision: entryOf(step, decision),
  messages: [],
  ...(step.slot === undefined ? {} : { unsent: step }),
  ...(makesNextDue(step, decision) ? { failed: failed(step, now) } : {}),
})

const waiting = (
  step: Step,
  ending: Extract<Ending, { ending: 'waiting' }>,
  now: number,
): Omit<Consequences, 'tenant'> => {
  if (ending.for === 'window') {
    const { decision } = ending
    const { reason, until, detail } = decision
    const details = { ...(reason && { reason }), ...(detail && { detail }), nextAttempt: until }
    return {
      changes: [changeOf(step, 'queued', now, details)],
      decision: entryOf(step, decision),
      messages: [],
    }
  }
  if (ending.for === 'condition') {
    const { decision } = ending
    const { reason, until } = decision
    return {
      changes: [changeOf(step, 'queued', now, { ...(reason && { reason }), nextAttempt: until })],
      decision: entryOf(step, decision),
      messages: [later(step, until)],
    }
  }
  const { at, reason } = ending
  const queued = { ...step, queued: true }
  const { detail } = ending
  if (ending.for === 'permit') {
    // The ledger records only the first wait.
    const changes = step.queued ? [] : [changeOf(step, 'queued', now, { reason, detail, nextAttempt: at })]
    return { changes, messages: [later(queued, at)] }
  }
  const change = changeOf(step, 'queued', now, { provider: ending.account, reason, detail, nextAttempt: at })
  const begun = ending.begun ? { ...queued, since: step.since ?? now } : queued
  return { changes: [change], messages: [later(begun, at)] }
}

const follows = (step: Step, ending: Ending, now: number): Omit<Consequences, 'tenant'> => {
  const { attempt = 1 } = step
  switch (ending.ending) {
    case 'sent': {
      const { account, providerId, reports } = ending
      const id = providerId === undefined ? {} : { providerId }
      const changes = [changeOf(step, 'sent', now, { attempt, provider: account, ...id })]
      if (providerId === undefined || !reports) return { changes, messages: [] }
      return { changes, messages: [], remember: { account, id: providerId, step, at: now } }
    }
    case 'retry': {
      const { account, reason, detail, at } = ending
      const details = { attempt, provider: account, reason, detail, nextAttempt: at }
      const again = { ...step, attempt: attempt + 1, since: step.since ?? now }
      return { changes: [changeOf(step, 'queued', now, details)], messages: [later(again, at)] }
    }
    case 'refused':
      return refused(step, ending, now)
    case 'unrendered': {
      const { reason, detail } = ending
      const changes = [changeOf(step, 'failed', now, { attempt, reason, detail })]
      return { changes, messages: [], failed: failed(step, now, undeliverable(inWords(step, ending))) }
    }
    case 'exhausted': {
      const { account, reason, detail } = ending
      const changes = [changeOf(step, 'failed', now, { attempt, provider: account, reason, detail })]
      return { changes, messages: [], failed: failed(step, now, undeliverable(inWords(step, ending))) }
    }
    case 'in_doubt': {
      const { account, reason, detail } = ending
      const provider = account === undefined ? {} : { provider: account }
      return {
        changes: [changeOf(step, 'in_doubt', now, { attempt, ...provider, reason, detail })],
        messages: [],
      }
    }
    case 'waiting':
      return waiting(step, ending, now)
    case 'skipped':
      return skipped(step, ending, now)
    case 'taken':
      if (ending.until !== undefined) return { changes: [], messages: [later(step, ending.until, 'look')] }
      if (ending.failed === undefined) return { changes: [], messages: [] }
      // The process that recorded the failure may have died before it published the consequences.
      return {
        changes: [],
        messages: [],
        failed: failed(step, now, undeliverable(`${channelOf(step)}: ${ending.failed}`)),
      }
  }
}

/**
 * Returns what follows from the ending of a step: changes of the ledger, messages for the log, what to remember, and, once
 * nothing of the step can be reached, the next step or the dead letter. Pure; the same for the same step and ending.
 */
export const consequences = (step: Step, ending: Ending, times: Times): Consequences => {
  const { changes, ...rest } = follows(step, ending, times.now)
  return { tenant: step.tenant, ...rest, changes: withBeginnings(step, changes, times) }
}
