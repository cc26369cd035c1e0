import type { Step } from '@carillon/core/delivery/step'
import type { StepDecision } from '@carillon/core/routing/decision'
import { next } from '@carillon/core/routing/due-step'
import { type Join, joined } from '../digests/join.ts'
import { afterWaiting } from '../digests/released.ts'
import type { Known } from './lookup.ts'

/** A step, and what was decided about it. */
export type Decided = { step: Step; wanted: StepDecision }

/**
 * Returns a function that decides about a due step. One that is to wait in a window joins it. The first of a digest may be let through: it goes on as
 * one that has waited.
 */
export const createDecide =
  (join: Join) =>
  async (due: Step, known: Pick<Known, 'facts'>, begun: number): Promise<Decided> => {
    const facts = known.facts(due, begun)
    for (let step = due; ; step = afterWaiting(step)) {
      const wanted = next(step, facts)
      if ((wanted.outcome !== 'join' && wanted.outcome !== 'wait') || !wanted.window) return { step, wanted }
      const waiting = await join(step, wanted.window, begun)
      if (!waiting) continue
      if (wanted.outcome === 'join') return { step, wanted: joined(wanted, waiting) }
      const { id, until } = waiting
      return { step, wanted: { ...wanted, until, detail: `window ${id}` } }
    }
  }
