import { grouped } from '@carillon/core/group-by'
import type { Decision } from '@carillon/core/routing/decision'
import type { Planned } from '@carillon/core/routing/plan'
import type { Metrics } from '@carillon/core/telemetry/metrics'

/** Counts decisions by stage, outcome and reason; each was taken for `users` users. */
export const countDecisions = (
  { decisions: counter }: Pick<Metrics, 'decisions'>,
  decisions: Iterable<Pick<Decision, 'stage' | 'outcome' | 'reason'>>,
  users = 1,
): void => {
  for (const { stage, outcome, reason = 'none' } of decisions) counter.inc({ stage, outcome, reason }, users)
}

/** Counts the decisions about recipients. Those of one notification without an exception share them. */
export const countPlanned = (
  metrics: Pick<Metrics, 'decisions'>,
  recipients: readonly { planned: Pick<Planned, 'decisions'> }[],
): void => {
  const counts = new Map<string, { decision: Decision; users: number }>()
  for (const [decisions, { length }] of grouped(recipients, ({ planned }) => planned.decisions))
    for (const decision of decisions) {
      const name = `${decision.stage} ${decision.outcome} ${decision.reason}`
      const known = counts.get(name)
      if (known) known.users += length
      else counts.set(name, { decision, users: length })
    }
  for (const { decision, users } of counts.values()) countDecisions(metrics, [decision], users)
}
