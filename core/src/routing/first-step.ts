import type { Plan } from '@carillon/schemas'
import { GRACE_MS, type Presence } from '../live/port.ts'

/** Returns the index of the first step. Steps that wait for a failure are passed over: nothing has failed yet. */
export const firstIndex = (plan: Plan): number => {
  const index = plan.findIndex(({ when }) => when !== 'failed')
  return Math.max(index, 0)
}

/** Whether the first step depends on the person's presence at the time the item was handed over. */
export const firstNeedsPresence = (plan: Plan, hasItem: boolean): boolean =>
  hasItem && plan[firstIndex(plan)]?.when === 'offline'

/**
 * Returns when the first step is due, epoch ms; `at` is when the item was stored. A step for people who are offline waits
 * for GRACE_MS if the person is connected, or left a moment ago and may only be reloading the page. By then an app of
 * theirs has acknowledged the item, or nobody was there. Without an item there is nothing to acknowledge, so presence is
 * asked when the step is due. Pure.
 */
export const firstDue = (
  plan: Plan,
  { at, hasItem, presence }: { at: number; hasItem: boolean; presence: Presence },
): number => {
  const due = at + (plan[firstIndex(plan)]?.after ?? 0) * 1_000
  const waits = firstNeedsPresence(plan, hasItem) && presence !== 'away'
  return waits ? Math.max(due, at + GRACE_MS) : due
}
