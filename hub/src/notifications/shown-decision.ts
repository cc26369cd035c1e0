import type { Explained } from '@carillon/core/routing/explain'
import type { ExplainedDecision } from '@carillon/schemas'

const instant = (at: number) => new Date(at).toISOString()

/** Returns a decision as the API returns it. */
export const shownDecision = ({ at, until, reported: _, ...decision }: Explained): ExplainedDecision => ({
  ...decision,
  at: instant(at),
  ...(until === undefined ? {} : { until: instant(until) }),
})
