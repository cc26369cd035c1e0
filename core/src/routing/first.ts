import type { Plan } from '@carillon/schemas'
import { GRACE_MS, type Presence } from '../live/port.ts'

/** The step of a plan that comes first: nothing stands before it that could have failed. */
export const firstIndex = (plan: Plan): number => {
  const index = plan.findIndex(({ when }) => when !== 'failed')
  return Math.max(index, 0)
}

/** Whether it matters to the first step if the person is connected when their item has just been handed over. */
export const firstNeedsPresence = (plan: Plan, hasItem: boolean): boolean =>
  hasItem && plan[firstIndex(plan)]?.when === 'offline'

/**
 * Returns when the first step is due, epoch ms: `after` its item was stored at `at`. One that wants the person to be
 * offline waits for GRACE_MS if somebody is there, or was a moment ago and may only be loading a page anew: then an app
 * of theirs has acknowledged the item, or nobody was there. Without an item nobody could; presence is asked when it is
 * due. Pure.
 */
export const firstDue = (
  plan: Plan,
  { at, hasItem, presence }: { at: number; hasItem: boolean; presence: Presence },
): number => {
  const due = at + (plan[firstIndex(plan)]?.after ?? 0) * 1_000
  const waits = firstNeedsPresence(plan, hasItem) && presence !== 'away'
  return waits ? Math.max(due, at + GRACE_MS) : due
}
