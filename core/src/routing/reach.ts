import type { SuppressionReason } from '@carillon/schemas'
import type { Step } from '../delivery/step.ts'
import type { Decider, StepDecision } from './decision.ts'

/** An address, and reasons not to send to it. */
export type Reachable = { suppressed?: SuppressionReason; disabled?: boolean }

/** The number of accounts that serve a channel, and the user's destinations on it. */
export type Reach<Destination> = { accounts: number; destinations: readonly Destination[] }

/** Reports whether a suppression applies. Unsubscribing does not stop messages of a critical type; other reasons do. */
const suppresses = (reason: SuppressionReason | undefined, critical: boolean): boolean =>
  reason !== undefined && !(reason === 'unsubscribe' && critical)

const SUPPRESSED_BY: Record<SuppressionReason, Decider> = {
  bounce: 'system',
  complaint: 'user',
  stop: 'user',
  unsubscribe: 'user',
  manual: 'tenant',
}

const narrowed = <Candidate extends Reachable, Destination extends { candidates: readonly Candidate[] }>(
  destinations: readonly Destination[],
  keep: (candidate: Candidate) => boolean,
): Destination[] =>
  destinations.flatMap((destination) => {
    const candidates = destination.candidates.filter(keep)
    if (candidates.length === destination.candidates.length) return [destination]
    return candidates.length > 0 ? [{ ...destination, candidates }] : []
  })

/**
 * Returns the destinations of a step that are neither suppressed nor disabled. If there are none, returns the decision with
 * the reason: it counts as skipped, not failed, and makes the next step due. `critical`: the type bypasses preferences,
 * or it is a one-time password. Pure.
 */
export const reach = <Candidate extends Reachable, Destination extends { candidates: readonly Candidate[] }>(
  step: Step,
  { accounts, destinations }: Reach<Destination>,
  { critical, now }: { critical: boolean; now: number },
): { destinations: Destination[] } | { destinations?: undefined; decision: StepDecision } => {
  const skip = (by: Decider, reason: 'no_provider' | 'no_address' | 'suppressed' | 'endpoint_disabled') => {
    const { channel } = step.plan[step.index]!
    return {
      decision: { at: now, stage: 'send', channel, step: step.index, outcome: 'skip', by, reason } as const,
    }
  }
  if (accounts === 0) return skip('tenant', 'no_provider')
  const [first] = destinations
  if (!first) return skip('user', 'no_address')
  const allowed = narrowed(destinations, ({ suppressed }) => !suppresses(suppressed, critical))
  if (allowed.length === 0) {
    const found = first.candidates.find(({ suppressed }) => suppresses(suppressed, critical))?.suppressed
    return skip(found === undefined ? 'system' : SUPPRESSED_BY[found], 'suppressed')
  }
  const enabled = narrowed(allowed, ({ disabled }) => disabled !== true)
  return enabled.length > 0 ? { destinations: enabled } : skip('system', 'endpoint_disabled')
}
