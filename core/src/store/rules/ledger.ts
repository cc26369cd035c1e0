import { DELIVERY_STATES, type Delivery, type DeliveryState, type DeliveryTotals } from '@carillon/schemas'
import { ProblemError } from '../../errors.ts'
import type { Decision } from '../../routing/decision.ts'
import type { DeliveryChange, DeliveryPlace, Passed } from '../ports/deliveries.ts'

/** The time at which a delivery reached each state, epoch ms. */
export type StateTimes = Partial<Record<DeliveryState, number>>

/** The fields of a change other than its state. `passed` is JSON. */
export type Details = Pick<
  DeliveryChange,
  'attempt' | 'provider' | 'providerId' | 'reason' | 'detail' | 'nextAttempt' | 'variant'
> & { passed?: string }

export const DETAILS = [
  'attempt',
  'provider',
  'providerId',
  'reason',
  'detail',
  'nextAttempt',
  'variant',
  'passed',
] as const

/** Returns the fields of a change other than its state. A reason without a detail clears the previous detail. */
export const detailsOf = (change: DeliveryChange): Details => ({
  attempt: change.attempt,
  provider: change.provider,
  providerId: change.providerId,
  reason: change.reason,
  detail: change.detail ?? (change.reason === undefined ? undefined : ''),
  nextAttempt: change.nextAttempt,
  ...(change.variant === undefined ? {} : { variant: change.variant }),
  ...(change.passed ? { passed: JSON.stringify(change.passed) } : {}),
})

/** Reads the decisions that let a delivery come as far as it did. */
export const readPassed = (
  { channel, step }: Pick<DeliveryPlace, 'channel' | 'step'>,
  passed: string | undefined,
): Decision[] =>
  passed === undefined
    ? []
    : (JSON.parse(passed) as Passed[]).map((each) => ({ ...each, channel, step, outcome: 'pass' }))

/** States that end an attempt with a reason. A retry leaves them. */
const ENDS: ReadonlySet<DeliveryState> = new Set(['skipped', 'in_doubt', 'failed'])

/** Returns the farthest state reached, ignoring ends of attempts before a retry. */
export const deliveryState = (times: StateTimes): DeliveryState => {
  const tried = Math.max(times.queued ?? 0, times.sent ?? 0)
  const stands = (state: DeliveryState) => {
    const at = times[state]
    return at !== undefined && !(ENDS.has(state) && at < tried)
  }
  return DELIVERY_STATES.findLast(stands) ?? 'requested'
}

/** Returns a delivery for listing. Shows a reason only if it belongs to the current state. */
export const deliveryOf = (
  { notification, user, step, channel, device }: Omit<DeliveryPlace, 'toAudience'>,
  times: StateTimes,
  { attempt, provider, providerId, reason, detail, nextAttempt, variant }: Details,
): Delivery => {
  const state = deliveryState(times)
  // After a replay `nextAttempt` is in the past and no longer applies.
  const waits = state === 'queued' && nextAttempt !== undefined && nextAttempt >= (times.queued ?? 0)
  const explained = waits || ENDS.has(state)
  const been = DELIVERY_STATES.flatMap((state) => {
    const at = times[state]
    return at === undefined ? [] : [[state, new Date(at).toISOString()]]
  })
  return {
    notification,
    user,
    channel,
    step: step === IN_APP_STEP ? null : step,
    device: device === '' ? null : device,
    state,
    times: Object.fromEntries(been) as Delivery['times'],
    attempts: attempt ?? 0,
    provider: provider ?? null,
    providerId: providerId ?? null,
    reason: (explained && reason) || null,
    detail: (explained && detail) || null,
    nextAttemptAt: waits ? new Date(nextAttempt).toISOString() : null,
    ...(variant === undefined ? {} : { variant }),
  }
}

/** Adds the number of deliveries of one channel in one state, in place. */
export const addToSums = (
  sums: DeliveryTotals,
  channel: DeliveryPlace['channel'],
  state: DeliveryState,
  count = 1,
): void => {
  const states = sums[channel] ?? {}
  sums[channel] = states
  states[state] = (states[state] ?? 0) + count
}

/** A delivery with the time of each field, for a store without cell timestamps. */
export type Course = { times: StateTimes; said: { [Detail in keyof Details]?: [Details[Detail], number] } }

/**
 * Applies a change. The result does not depend on the order of changes: the latest time per state wins, and so does the
 * latest value of every other field; at equal times the greater value wins.
 */
export const advance = ({ times, said }: Course, change: DeliveryChange): Course => {
  const { state, at } = change
  const given = detailsOf(change)
  const added = DETAILS.flatMap((detail) => {
    const value = given[detail]
    const [old, since] = said[detail] ?? []
    const stays = since !== undefined && old !== undefined && value !== undefined
    if (value === undefined || (stays && (since > at || (since === at && old >= value)))) return []
    return [[detail, [value, at]]]
  })
  return {
    times: { ...times, [state]: Math.max(at, times[state] ?? at) },
    said: { ...said, ...(Object.fromEntries(added) as Course['said']) },
  }
}

/** The step number of in-app delivery, before the first step of a plan. */
export const IN_APP_STEP = -1

/** The key of a delivery within its notification. */
export type DeliveryKey = Pick<DeliveryPlace, 'user' | 'step' | 'device'>

/** Returns a key before every delivery of a user, or of all users. */
export const firstKey = (user = ''): DeliveryKey => ({ user, step: IN_APP_STEP - 1, device: '' })

export const deliveryCursor = ({ user, step, device }: DeliveryKey): string =>
  JSON.stringify([user, step, device])

/** Parses a cursor of `deliveryCursor`. Throws `cursor_invalid` for anything else. */
export const readDeliveryCursor = (cursor: string): DeliveryKey => {
  try {
    const [user, step, device] = JSON.parse(cursor) as unknown[]
    if (typeof user === 'string' && typeof step === 'number' && typeof device === 'string')
      return { user, step, device }
  } catch {
    // Not JSON: reported below.
  }
  throw new ProblemError('cursor_invalid', 'the cursor is not from a list of deliveries')
}
