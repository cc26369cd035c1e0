import { dueAt, planKey, Step, stepMessage } from '@carillon/core/delivery/step'
import { following, next } from '@carillon/core/routing/due-step'
import type { DeadReason, OutgoingMessage } from '@carillon/core/stream/port'
import type { Channel } from '@carillon/schemas'
import { type Work, workKind } from '../consumer/work.ts'
import { type Known, type LookupPorts, lookUp } from './lookup.ts'
import type { SendStep } from './send-step.ts'
import { createSettle, type SettlePorts } from './settle.ts'

export type StepPorts = SettlePorts & LookupPorts & { sendStep: SendStep }

/** The step that waits for its own time from now on, whatever comes of this one. */
const nextInTime = (step: Step, known: Known): OutgoingMessage[] => {
  const waits = following(step, next(step, known.facts(step, Date.now())))
  return waits ? [stepMessage(waits, { at: dueAt(waits), key: planKey(step) })] : []
}

/**
 * The steps of one channel as a kind of work. Steps that come together share a look-up; from there each is on its own to
 * its end, so a slow one holds up nobody.
 */
export const createStepKind = (ports: StepPorts, channel: Channel) => {
  const { stream, sendStep, outages } = ports
  const settle = createSettle(ports)

  const one = async (step: Step, known: Known): Promise<DeadReason | undefined> =>
    settle(await outages.through(() => sendStep(step, known)))

  const handle = async (works: readonly Work<Step>[]) => {
    const steps = works.map(({ body }) => body)
    const known = await lookUp(ports, channel, steps)
    // Before this step is sent: the next one has nothing to do with how long its provider takes.
    const later = steps.flatMap((step) => nextInTime(step, known))
    if (later.length > 0) await stream.publish(later)
    return works.map(({ message, body }) => ({ message, ending: one(body, known) }))
  }

  return workKind({
    schema: Step,
    fits: ({ tenant, plan, index }, subject) => tenant === subject.tenant && plan[index]?.channel === channel,
    handle,
  })
}
