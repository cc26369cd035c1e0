import { nextStep, planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, OutgoingMessage } from '@carillon/core/stream/port'
import type { Result } from './result.ts'

/** The next step at once, in place of its own time. */
export const nextAtOnce = (step: Step): OutgoingMessage[] => {
  const next = nextStep(step)
  if (!next) return []
  const failed = { ...next, failed: true }
  return [{ ...stepMessage(failed, { at: Date.now(), key: planKey(step) }), dedupe: stepDedupe(failed) }]
}

/** What a result comes to in the end: whether its message is a dead letter, and what follows beside what is in it. */
export type Conclusion = { dead?: DeadReason; messages: OutgoingMessage[] }

/**
 * Looks at what has failed for good, once that is on record, for several targets may fail at the same time: when all of
 * the step's have come to nothing, the next step is due at once; the last step's failure is a dead letter. Results of one
 * tenant cost one look at the ledger.
 */
export const createConclude = (store: Pick<Store, 'deliveries'>) => {
  /** The failed steps of which another target may still be reached. */
  const hopeful = async (failed: readonly Step[]): Promise<Set<Step>> => {
    const open = new Set<Step>()
    const ofSeveral = failed.filter(({ target }) => target)
    await Promise.all(
      [...grouped(ofSeveral, ({ tenant }) => tenant)].map(async ([tenant, steps]) => {
        const rows = await store.deliveries.of(
          tenant,
          steps.map(({ notification, toAudience, user }) => ({ id: notification, toAudience, user })),
        )
        for (const [place, step] of steps.entries()) {
          const others = rows[place]?.filter((row) => row.step === step.index && row.device !== step.target)
          if (others?.some(({ state }) => state !== 'failed' && state !== 'skipped')) open.add(step)
        }
      }),
    )
    return open
  }

  return async (results: readonly Result[]): Promise<Conclusion[]> => {
    const open = await hopeful(results.flatMap(({ failed }) => failed ?? []))
    return results.map(({ failed, dead }) => {
      if (!failed) return { dead, messages: [] }
      if (open.has(failed)) return { messages: [] }
      const messages = nextAtOnce(failed)
      return messages.length > 0 ? { messages } : { dead, messages }
    })
  }
}
