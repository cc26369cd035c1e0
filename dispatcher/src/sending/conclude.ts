import { nextStep, planKey, type Step, stepDedupe, stepMessage } from '@carillon/core/outreach/step'
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
 * the step's have come to nothing, the next step is due at once; the last step's failure is a dead letter.
 */
export const createConclude = (store: Pick<Store, 'deliveries'>) => {
  const allFailed = async ({ tenant, notification, user, wide, index, target }: Step): Promise<boolean> => {
    if (!target) return true
    let after: string | undefined
    do {
      const which = { id: notification, wide, user }
      const page = await store.deliveries.list(tenant, which, { after, limit: 100 })
      const others = page.deliveries.filter(({ step, device }) => step === index && device !== target)
      if (others.some(({ state }) => state !== 'failed' && state !== 'skipped')) return false
      after = page.next
    } while (after !== undefined)
    return true
  }

  return async ({ failed, dead }: Result): Promise<Conclusion> => {
    if (!failed) return { dead, messages: [] }
    if (!(await allFailed(failed))) return { messages: [] }
    const messages = nextAtOnce(failed)
    return messages.length > 0 ? { messages } : { dead, messages }
  }
}
