import { nextStep, planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import type { DeliveryState } from '@carillon/schemas'
import { type Consequences, entryOf } from './consequences.ts'
import { changeOf } from './ledger-changes.ts'
import type { Members } from './lookup.ts'

const FINAL: ReadonlySet<DeliveryState> = new Set(['sent', 'failed', 'skipped', 'in_doubt'])

/** Returns the change of a digest as a change of one of its steps. */
const ofMember = (step: Step, { state, at, provider, reason, detail }: DeliveryChange): DeliveryChange =>
  changeOf(step, state, at, {
    ...(provider === undefined ? {} : { provider }),
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
  })

/** A step whose digest reached nobody has failed, so a next step that waits for that is due. */
const nextOf = (step: Step, now: number): OutgoingMessage[] => {
  const next = nextStep(step)
  if (next?.plan[next.index]?.when !== 'failed') return []
  const failed = { ...next, failed: true }
  return [{ ...stepMessage(failed, { at: now, key: planKey(step) }), dedupe: stepDedupe(failed) }]
}

/**
 * Adds the consequences of a digest's end for its steps and digests. Those that it covered share its end; the others are
 * skipped. Returns the consequences unchanged if the digest has not ended.
 */
export const withMembers = (
  followed: Consequences,
  members: Members | undefined,
  now: number,
): Consequences => {
  const end = followed.changes.findLast(({ state }) => FINAL.has(state))
  if (!members || !end) return followed
  const { left, out, digests } = members
  const decisions = out.map(({ step, decision }): DecisionEntry => entryOf(step, decision))
  const { failed } = followed
  return {
    ...followed,
    changes: [
      ...followed.changes,
      ...[...digests, ...left].map((step) => ofMember(step, end)),
      ...out.map(({ step, decision }) =>
        changeOf(
          step,
          'skipped',
          now,
          decision.outcome === 'skip' || decision.outcome === 'end' ? { reason: decision.reason } : {},
        ),
      ),
    ],
    decisions,
    ...(failed && {
      failed: { ...failed, messages: [...failed.messages, ...left.flatMap((step) => nextOf(step, now))] },
    }),
  }
}
