import { dueAt, planKey, Step, stepMessage } from '@carillon/core/delivery/step'
import { slicesBySize } from '@carillon/core/group-by'
import { following, next } from '@carillon/core/routing/due-step'
import { MEMBERS_MAX } from '@carillon/core/store/ports/digests'
import type { DeadReason, Message, OutgoingMessage } from '@carillon/core/stream/port'
import type { Channel } from '@carillon/schemas'
import { type Work, workKind } from '../consumer/work-kind.ts'
import { type Known, type LookupPorts, lookUp } from './lookup.ts'
import type { SendStep } from './send-step.ts'
import { createSettle, type SettlePorts } from './settle.ts'

export type StepPorts = SettlePorts & LookupPorts & { sendStep: SendStep }

/** Returns the plan's next step if it has its own due time, whatever the outcome of this one. */
const nextInTime = (step: Step, known: Known, now: number): OutgoingMessage[] => {
  const waits = following(step, next(step, known.facts(step, now)))
  return waits ? [stepMessage(waits, { at: dueAt(waits), key: planKey(step) })] : []
}

/**
 * Defines the steps of one channel as a kind of work. Steps that arrive together share a look-up, up to MEMBERS_MAX steps with
 * those in digests. From there, each step runs independently, so a slow one delays no other.
 */
export const createStepKind = (ports: StepPorts, channel: Channel) => {
  const { stream, sendStep, outages } = ports
  const settle = createSettle(ports)

  /** `decidedAt` is for the first try. After an outage the clock is read again: the step may have expired meanwhile. */
  const one = async (
    { body: step, message }: Work<Step>,
    known: Known,
    decidedAt: number,
  ): Promise<DeadReason | undefined> => {
    let at: number | undefined = decidedAt
    const send = () => {
      const repeated = at === undefined || message.deliveries > 1
      const begun = at ?? Date.now()
      at = undefined
      return sendStep(step, known, { begun, repeated })
    }
    return settle(await outages.through(send))
  }

  const handleTogether = async (works: readonly Work<Step>[]) => {
    const steps = works.map(({ body }) => body)
    const known = await lookUp(ports, channel, steps)
    // One reading of the clock determines whether a step is sent and whether the next one waits.
    const now = Date.now()
    // Published before this step is sent, so that a slow provider does not delay the next step.
    const later = steps.flatMap((step) => nextInTime(step, known, now))
    if (later.length > 0) await stream.publish(later)
    return works.map((work) => ({ message: work.message, ending: one(work, known, now) }))
  }

  const handle = async (works: readonly Work<Step>[]) => {
    const outcomes: { message: Message; ending: Promise<DeadReason | undefined> }[] = []
    for (const some of slicesBySize(works, ({ body }) => body.digest?.size ?? 1, MEMBERS_MAX)) {
      // What was looked up stays in memory until its steps have ended.
      await Promise.allSettled(outcomes.map(({ ending }) => ending))
      outcomes.push(...(await handleTogether(some)))
    }
    return outcomes
  }

  return workKind({
    schema: Step,
    fits: ({ tenant, plan, index }, subject) => tenant === subject.tenant && plan[index]?.channel === channel,
    handle,
  })
}
