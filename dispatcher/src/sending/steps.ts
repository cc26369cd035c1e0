import { Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason } from '@carillon/core/stream/port'
import type { Channel } from '@carillon/schemas'
import { type Work, workKind } from '../consumer/work.ts'
import { following, type Handle } from './handle.ts'
import { type Known, lookUp } from './lookup.ts'
import { createSettle, type SettlePorts } from './settle.ts'

export type StepPorts = SettlePorts & { store: Store; handle: Handle }

/**
 * The steps of one channel as a kind of work. Steps that come together share a look-up; from there each is on its own to
 * its end, so a slow one holds up nobody.
 */
export const createStepKind = (ports: StepPorts, channel: Channel) => {
  const { store, stream, handle, outages } = ports
  const settle = createSettle(ports)

  const one = async (step: Step, known: Known): Promise<DeadReason | undefined> =>
    settle(await outages.through(() => handle(step, known)))

  const handleAll = async (works: readonly Work<Step>[]) => {
    const steps = works.map(({ body }) => body)
    const known = await lookUp(store, channel, steps)
    const next = steps.flatMap((step) => following(step, known))
    if (next.length > 0) await stream.publish(next)
    return works.map(({ message, body }) => ({ message, ending: one(body, known) }))
  }

  return workKind({
    schema: Step.refine(
      ({ plan, index }) => plan[index]?.channel === channel,
      'the step is of another channel',
    ),
    tenantOf: ({ tenant }) => tenant,
    handle: handleAll,
  })
}
