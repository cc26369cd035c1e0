import type { Capture } from '@carillon/core/delivery/captured'
import type { Reachability } from '@carillon/core/delivery/reachability'
import type { Step } from '@carillon/core/delivery/step'
import type { StepDecision } from '@carillon/core/routing/decision'
import type { Store } from '@carillon/core/store/port'
import type { Passed } from '@carillon/core/store/ports/deliveries'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Join } from '../digests/join.ts'
import type { Rejoin } from '../digests/rejoin.ts'
import type { OpenAccount } from './accounts.ts'
import { createAgain } from './again.ts'
import { type AttemptOptions, type AttemptPorts, createAttempt } from './attempt.ts'
import type { Destination } from './candidate.ts'
import { createRealSends } from './capture-real-sends.ts'
import { type Consequences, consequences } from './consequences.ts'
import { createDecide } from './decide.ts'
import { withMembers } from './digest-consequences.ts'
import { endingOfDecision } from './ending-of.ts'
import { channelOf, type Times } from './ledger-changes.ts'
import type { Known } from './lookup.ts'
import { split } from './split-destinations.ts'
import type { Throttle } from './throttle.ts'

export type SendStepPorts = AttemptPorts & {
  store: Pick<Store, 'deliveries'>
  reachability: Reachability<OpenAccount>
  join: Join
  rejoin: Rejoin
  throttle: Throttle
  metrics: AttemptPorts['metrics'] & Pick<Metrics, 'skipped'>
  /** Development only: also lists what could not be sent. */
  capture?: Capture
}

type Beginning = Omit<Times, 'now'>

const passedOf = ({ at, stage, by, path, reason }: StepDecision): Passed => ({
  ...{ at, stage, by },
  ...(path === undefined ? {} : { path }),
  ...(reason === undefined ? {} : { reason }),
})

/**
 * Handles a due step: still wanted → destination → throttle → texts → permit → claim → send → consequences. It waits for a
 * permit only for a moment. A longer wait goes back into the event log with a time, so that a slow provider does not delay
 * others. `begun` is the time that decides whether the step is still wanted, epoch ms; `repeated` says that it may have been
 * handled before. The result contains all consequences except the plan's next step, which is scheduled already. Idempotent.
 */
export const createSendStep = (ports: SendStepPorts, options: AttemptOptions) => {
  const { store, reachability, throttle, metrics, capture } = ports
  const decide = createDecide(ports.join)
  const again = createAgain(ports)
  const attempt = createAttempt(ports, options)
  const realSends = createRealSends(capture)

  /** Ends a step that is not sent now. */
  const leaveOut = (step: Step, known: Known, decision: StepDecision, times: Beginning): Consequences => {
    const ending = endingOfDecision(decision)
    if (ending.ending === 'skipped') {
      const { stage, reason } = ending.decision
      metrics.skipped.inc({ channel: channelOf(step), reason })
      if (stage === 'send') realSends.skipped(step, known.content(step), reason)
    }
    return consequences(step, ending, { ...times, now: Date.now() })
  }

  /** Splits a step into one for each destination. */
  const splitUp = async (step: Step, destinations: readonly Destination[], times: Beginning) => {
    const names = destinations.map(({ destination }) => destination)
    const parts = split(step, names, { ...times, now: Date.now() })
    // Recorded before any of them is sent, because one that fails at once must find the others in the ledger.
    await store.deliveries.record(step.tenant, parts.changes)
    return parts
  }

  /** Looks up how far a step came that may have been delivered before. */
  const lookUpAgain = (step: Step, known: Known, now: number): Promise<Step | undefined> => {
    const destinations = async () => {
      if (step.destination !== undefined) return [step.destination]
      const critical = known.subject(step).critical !== undefined
      const facts = { critical, tenancy: known.tenancy(step), now }
      const found = await reachability(step, known.person(step), facts)
      return found.destinations?.map(({ destination }) => destination) ?? []
    }
    return again(step, known, { now, destinations })
  }

  const sendDue = async (
    given: Step,
    known: Known,
    { begun, repeated }: { begun: number; repeated: boolean },
  ): Promise<Consequences> => {
    const due = repeated ? await lookUpAgain(given, known, begun) : given
    if (!due) return { tenant: given.tenant, changes: [], messages: [] }
    const { step: decided, wanted } = await decide(due, known, begun)
    const critical = known.subject(decided).critical !== undefined
    const found =
      wanted.outcome === 'pass'
        ? await reachability(decided, known.person(decided), {
            critical,
            tenancy: known.tenancy(decided),
            now: begun,
          })
        : { decision: wanted }
    const times = { begun, passed: wanted.outcome === 'pass' ? [passedOf(wanted)] : [] }
    if (found.destinations === undefined) return leaveOut(decided, known, found.decision, times)
    const { step, decision } = await throttle(decided, known, begun)
    if (decision) return leaveOut(step, known, decision, times)
    const [only, ...others] = found.destinations
    if (!only || others.length > 0) return splitUp(step, found.destinations, times)
    const one = { ...step, destination: only.destination }
    const { ending, now, leftOut } = await attempt(one, known, only, begun)
    const followed = consequences(one, ending, { ...times, passed: [...times.passed, ...leftOut], now })
    realSends.attempted(one, known.content(step), followed.changes)
    return followed
  }

  return async (
    step: Step,
    known: Known,
    time: { begun: number; repeated: boolean },
  ): Promise<Consequences> =>
    withMembers(await sendDue(step, known, time), known.members(step, time.begun), time.begun)
}

export type SendStep = ReturnType<typeof createSendStep>
