import { DELIVERY_STATES, type Delivery, type DeliveryState, type DeliveryTotals } from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import type { DeliveryChange, DeliveryPlace } from './ports/deliveries.ts'

/** When a delivery came into each state, epoch ms. */
export type StateTimes = Partial<Record<DeliveryState, number>>

/** What the changes of a delivery say beside its state. */
export type Details = Pick<
  DeliveryChange,
  'attempt' | 'provider' | 'providerId' | 'reason' | 'detail' | 'nextAttempt'
>

export const DETAILS = ['attempt', 'provider', 'providerId', 'reason', 'detail', 'nextAttempt'] as const

/** Returns what a change says beside its state. A reason replaces the words of the one before it, even with none. */
export const detailsOf = (change: DeliveryChange): Details => ({
  attempt: change.attempt,
  provider: change.provider,
  providerId: change.providerId,
  reason: change.reason,
  detail: change.detail ?? (change.reason === undefined ? undefined : ''),
  nextAttempt: change.nextAttempt,
})

/** States that an attempt ended in, with a reason; trying again takes the delivery out of them. */
const ENDS: ReadonlySet<DeliveryState> = new Set(['skipped', 'in_doubt', 'failed'])

/** The farthest of the states it has been in, leaving out ends that came before it was tried again. */
export const deliveryState = (times: StateTimes): DeliveryState => {
  const tried = Math.max(times.queued ?? 0, times.sent ?? 0)
  const stands = (state: DeliveryState) => {
    const at = times[state]
    return at !== undefined && !(ENDS.has(state) && at < tried)
  }
  return DELIVERY_STATES.findLast(stands) ?? 'requested'
}

/** Returns a delivery as it is listed. The reason of an earlier attempt is not one of the present state. */
export const deliveryOf = (
  { notification, user, step, channel, device }: Omit<DeliveryPlace, 'toAudience'>,
  times: StateTimes,
  { attempt, provider, providerId, reason, detail, nextAttempt }: Details,
): Delivery => {
  const state = deliveryState(times)
  // Queued anew, it waits for nothing: what it waited for then lies behind it.
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
  }
}

/** Adds deliveries of one channel that are in one state, in place. */
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

/** A delivery with the time of everything that is known of it, for a store that has no such times of its own. */
export type Course = { times: StateTimes; said: { [Detail in keyof Details]?: [Details[Detail], number] } }

/**
 * The course after a change. Whatever order changes come in, the result is the same: of each state the latest time
 * stays, and of each detail what was said last; of two that were said at once, the greater.
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

/** Stands for the app among the steps of a delivery plan, and before the first of them. */
export const IN_APP_STEP = -1

/** Where in a notification's deliveries a page ends. */
export type DeliveryKey = Pick<DeliveryPlace, 'user' | 'step' | 'device'>

/** Before every delivery of a user, or of all users. */
export const firstKey = (user = ''): DeliveryKey => ({ user, step: IN_APP_STEP - 1, device: '' })

export const deliveryCursor = ({ user, step, device }: DeliveryKey): string =>
  JSON.stringify([user, step, device])

/** Reads a cursor of `deliveryCursor`. Throws `cursor_invalid` for anything else. */
export const readDeliveryCursor = (cursor: string): DeliveryKey => {
  try {
    const [user, step, device] = JSON.parse(cursor) as unknown[]
    if (typeof user === 'string' && typeof step === 'number' && typeof device === 'string')
      return { user, step, device }
  } catch {
    // Not JSON, or not an array: said below.
  }
  throw new ProblemError('cursor_invalid', 'the cursor is not a place among deliveries')
}
