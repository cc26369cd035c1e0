import { dueAt, type TimedPlan } from '../delivery/step.ts'
import { GRACE_MS, type Presence } from '../live/port.ts'

/** Returns the index of the first step. Skips steps with `when: failed`, because nothing has failed yet. */
export const firstIndex = (plan: TimedPlan): number => {
  const index = plan.findIndex(({ when }) => when !== 'failed')
  return Math.max(index, 0)
}

/** Reports whether the first step depends on the user's presence when the item is stored. */
export const firstNeedsPresence = (plan: TimedPlan, hasItem: boolean): boolean =>
  hasItem && plan[firstIndex(plan)]?.when === 'offline'

/**
 * Returns when the first step is due, epoch ms; `at` is when the item was stored. With `when: offline`, the step waits for
 * GRACE_MS if the user is connected, or has just left and may be reloading the page. By then an app of the user has
 * acknowledged the item, or none was connected. Without an item there is nothing to acknowledge, so presence is queried when
 * the step is due. Pure.
 */
export const firstDue = (
  plan: TimedPlan,
  { at, hasItem, presence }: { at: number; hasItem: boolean; presence: Presence },
): number => {
  const due = dueAt({ at, plan, index: firstIndex(plan) })
  const waits = firstNeedsPresence(plan, hasItem) && presence !== 'away'
  return waits ? Math.max(due, at + GRACE_MS) : due
}
