import type { Plan } from '@carillon/schemas'
import type { TimedPlan } from '../delivery/step.ts'
import { relativeInstant } from '../notification/relative-time.ts'

const hasRelative = (plan: Plan): boolean => plan.some(({ after }) => typeof after === 'object')

/**
 * Returns a plan that starts at `start` (epoch ms), with the instants of its steps that wait for a date in `data`. One that has
 * passed gives no delay. `zone` is the time zone of dates without a time. Pure.
 */
export const timedPlan = (plan: Plan, data: unknown, zone: string, start: number): TimedPlan => {
  if (!hasRelative(plan)) return plan as TimedPlan
  return plan.map(({ after, ...step }) => {
    if (typeof after === 'number') return { ...step, after }
    const at = relativeInstant(after, data, zone)
    return { ...step, after: at === undefined || at <= start ? 0 : { at } }
  })
}
