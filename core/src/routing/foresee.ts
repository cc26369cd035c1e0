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

/** What is known now about the person for whom steps are foreseen. */
export type Known = {
  presence: Presence
  preference(channel: Channel): Preference
  /** When the person can be reached, at a time, epoch ms. */
  times(now: number): LocalTimes
  /** The digest that applies to a step, if it has one. */
  digest(step: Step): StepDigest | undefined
  /** Why the step's own `if` does not hold; undefined if it does. */
  unmet(step: Step): Unmet | undefined
  /**
   * The decisions about sending a step that is due: what prevents it, or is left out of it. None if it is sent whole.
   */
  sending(step: Step, now: number): Promise<readonly Foreseen[]>
}

/** A decision about a step that is not sent yet. */
export type Foreseen = StepDecision | StepFailure

/** Returns a decision without what only the dispatcher needs. */
const toldOf = ({ window: _window, ...decision }: Foreseen & { window?: unknown }): Foreseen =>
  decision as Foreseen

/** The item of a person who does nothing. A connected app receives it. */
const itemAt = (at: number, presence: Presence): ItemNow => ({
  receivedAt: presence === 'here' ? new Date(at).toISOString() : null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
})

/**
 * Returns the decisions about the steps of a plan, from `first`, as they would be taken if the person did nothing and every
 * provider accepted what it gets. Each is decided at the time at which it would be due. What waits in a window is not followed
 * further: it depends on what else is in it.
 */
export const foresee = async (first: Step, known: Known): Promise<Foreseen[]> => {
  const decisions: Foreseen[] = []
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
    let decision: Foreseen = decide(step, known.presence, now)
    decisions.push(toldOf(decision))
    if (decision.outcome === 'wait' && !decision.window) {
      now += GRACE_MS
      decision = decide(step, 'away', now)
      decisions.push(toldOf(decision))
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
