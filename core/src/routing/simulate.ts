import type { Channel } from '@carillon/schemas'
import { dueAt, type Step, stepAfter } from '../delivery/step.ts'
import type { Unmet } from '../expression/condition.ts'
import { GRACE_MS, type Presence } from '../live/port.ts'
import { type Conclusion, conclude, makesNextDue } from './after-failure.ts'
import type { StepDecision, StepFailure } from './decision.ts'
import type { StepDigest } from './digest.ts'
import { type ItemNow, next } from './due-step.ts'
import { firstDue } from './first-step.ts'
import type { Preference } from './preference.ts'
import type { LocalTimes } from './quiet-hours.ts'

/** The current data about the user of a simulation. */
export type SimulationInput = {
  presence: Presence
  preference(channel: Channel): Preference
  /** Returns the snooze, quiet hours and digest time at `now`, epoch ms. */
  times(now: number): LocalTimes
  /** The digest that applies to a step, if it has one. */
  digest(step: Step): StepDigest | undefined
  /** Why the step's own `if` does not hold; undefined if it does. */
  unmet(step: Step): Unmet | undefined
  /**
   * Returns the decisions that prevent a due step from being sent, or drop a part of it. Empty if it is sent completely.
   */
  sending(step: Step, now: number): Promise<readonly Simulated[]>
}

/** A decision about a step that is not sent yet. */
export type Simulated = StepDecision | StepFailure

/** Returns a decision without the fields that only the dispatcher needs. */
const publicDecision = ({ window: _window, ...decision }: Simulated & { window?: unknown }): Simulated =>
  decision as Simulated

/** The item of a user who does nothing. A connected app receives it. */
const itemAt = (at: number, presence: Presence): ItemNow => ({
  receivedAt: presence === 'here' ? new Date(at).toISOString() : null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
})

/**
 * Returns the decisions about the steps of a plan, from `first`, as they would be taken if the user does nothing and every
 * provider accepts its message. Each is decided at the time at which it would be due. A step that joins a window is not
 * followed further, because its outcome depends on the other members.
 */
export const simulate = async (first: Step, known: SimulationInput): Promise<Simulated[]> => {
  const decisions: Simulated[] = []
  const hasItem = first.item !== undefined
  const decide = (step: Step, presence: Presence, now: number) => {
    const unmet = known.unmet(step)
    return next(step, {
      ...{ item: hasItem ? itemAt(step.at, presence) : undefined, cancelled: false, erased: false, now },
      ...{ presence, preference: known.preference(step.plan[step.index]!.channel) },
      ...{ times: known.times(now), digest: known.digest(step) },
      ...(unmet && { unmet }),
    })
  }
  let step: Step | undefined = first
  let now = firstDue(first.plan, { at: first.at, hasItem, presence: known.presence })
  while (step) {
    let decision: Simulated = decide(step, known.presence, now)
    decisions.push(publicDecision(decision))
    if (decision.outcome === 'wait' && !decision.window) {
      now += GRACE_MS
      decision = decide(step, 'away', now)
      decisions.push(publicDecision(decision))
    }
    if (decision.outcome === 'pass') {
      const sending = await known.sending(step, now)
      decisions.push(...sending)
      decision = sending.at(-1) ?? decision
    }
    if (decision.outcome === 'end') return decisions
    const failed: boolean = decision.outcome !== 'pass' && makesNextDue(step, decision)
    const conclusion: Conclusion | undefined = failed ? conclude(step, []) : undefined
    const following: Step | undefined = conclusion?.follows === 'next' ? conclusion.step : stepAfter(step)
    if (following && !failed) now = Math.max(now, dueAt(following))
    step = following
  }
  return decisions
}
