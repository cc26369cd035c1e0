import { AFTER_MAX_SECONDS, type Issue, type Plan, type RelativeTime } from '@carillon/schemas'
import { NO_DATE, relativeInstant } from '../notification/relative-time.ts'
import { plansOf, type Sent } from './plan.ts'

type Facts = { data: unknown; zone: string; start: number }

const faultOf = (after: RelativeTime, { data, zone, start }: Facts): string | undefined => {
  const at = relativeInstant(after, data, zone)
  if (at === undefined) return NO_DATE
  const isTooLate = at - start > AFTER_MAX_SECONDS * 1_000
  return isTooLate ? 'must be at most 30 days after the start of the plan' : undefined
}

const faultsOf = (plan: Plan, facts: Facts, own: boolean): Issue[] =>
  plan.flatMap(({ after }, index): Issue[] => {
    const message = typeof after === 'object' ? faultOf(after, facts) : undefined
    if (typeof after === 'number' || message === undefined) return []
    if (own) return [{ path: ['plan', index, 'after'], message }]
    return [{ path: after.from.split('.'), message: `step ${index} of the type's plan: ${message}` }]
  })

/**
 * Returns the faults of steps that wait for a date in `data`: it is missing or too far ahead. A fault of
 * the type's plan is a fault of `data`. `start`: when the plan starts at the earliest, epoch ms; `zone`: that of dates without
 * a time. Pure.
 */
export const planTimeFaults = (
  { notification, type }: Pick<Sent, 'notification' | 'type'>,
  where: Omit<Facts, 'data'>,
): Issue[] =>
  plansOf({ notification, type }).flatMap((plan) =>
    faultsOf(plan, { ...where, data: notification.data }, notification.plan !== undefined),
  )
