import { PRIORITIES, type Priority } from '@carillon/schemas'
import { type Grant, type Limit, PERMIT_AHEAD_MS, type PermitRequest } from './port.ts'

/**
 * Maximum time ahead for permits of each priority. The rest of PERMIT_AHEAD_MS is reserved for more urgent priorities,
 * however many requests wait.
 */
export const REACH_MS: Record<Priority, number> = {
  critical: Number.MAX_SAFE_INTEGER,
  high: PERMIT_AHEAD_MS,
  normal: 0.85 * PERMIT_AHEAD_MS,
  low: 0.7 * PERMIT_AHEAD_MS,
}

/**
 * A waiting request asks again this long before its permit is due, in ms. No capacity is lost if it is late
 * by less.
 */
export const LEAD_MS = 0.4 * PERMIT_AHEAD_MS

/**
 * Maximum time that a permit may leave a limit in use idle until the slower limits have capacity. It is less
 * than any reach, so that a flood at a slow limit does not block requests at a fast one.
 */
export const IDLE_MS = 0.6 * PERMIT_AHEAD_MS

/** Queues of a limit. Each priority below critical has two: for requests that have waited, and for first requests. */
export const QUEUES = 2 * (PRIORITIES.length - 1)

/** Returns the number of queues that a request waits behind, most urgent first, with its own; 0 if it is critical. */
export const rankOf = ({ priority, waited }: PermitRequest): number =>
  Math.max(0, 2 * PRIORITIES.indexOf(priority) - (waited ? 1 : 0))

/**
 * Converts a limit to GCRA terms: the emission interval, and the tolerance that the burst allows, in ms.
 * Throws `RangeError` if the rate or the burst is out of range.
 */
export const toGcra = ({ key, perSecond, burst }: Limit) => {
  if (!(perSecond > 0 && perSecond < Infinity && burst >= 1 && burst < Infinity))
    throw new RangeError(`${key}: ${perSecond} per second with a burst of ${burst} is not a rate limit`)
  const interval = 1_000 / perSecond
  return { key, interval, tolerance: interval * (burst - 1) }
}

/**
 * The state of one limit, epoch ms: the theoretical arrival time of the next permit, and the ends of its
 * queues. Times in the past have no effect.
 */
export type LimitState = { arrival: number; queues: number[] }

export const newLimitState = (): LimitState => ({ arrival: 0, queues: Array<number>(QUEUES).fill(0) })

type StatefulLimit = { interval: number; tolerance: number; state: LimitState }

/**
 * Decides one request, and updates the states of its limits.
 *
 * A limit has capacity from its theoretical arrival time minus its tolerance (GCRA, ITU-T I.371, virtual
 * scheduling). The slot is the moment when all limits have capacity. A slot within reach becomes a permit,
 * and every arrival time moves to one interval after the slot. Each permit counts for its interval, in
 * whatever order slots are given, so no period contains more than the burst plus the rate. The reach is
 * shorter if a limit in use would stay idle meanwhile. Critical requests get a permit even out of reach. The
 * limit counts them early, so its rate is respected, but they may exceed its burst.
 *
 * A request out of reach gets a place in the queues of the limits that cause it, behind more urgent requests
 * and its own priority. A request that has waited gets any slot within reach. If urgent requests have taken
 * all of them, its new place is ahead of all first requests. Each queue calls up no more requests than the
 * rate of its limit, so the number of calls stays a small multiple of the rate, however many requests wait. A
 * slot that is free now goes to any request, because the one that waited for it has not come.
 */
export const decide = (request: PermitRequest, limits: readonly StatefulLimit[], now: number): Grant => {
  const rank = rankOf(request)
  const rooms = limits.map(({ state, tolerance }) => state.arrival - tolerance)
  const slot = Math.max(now, ...rooms)
  const latest = limits.map(({ tolerance }) => now + IDLE_MS + tolerance)
  const idle = limits.some(
    ({ state }, index) => state.arrival > now && state.arrival < slot && slot > (latest[index] ?? 0),
  )
  const critical = rank === 0
  const reach = now + (idle && !critical ? IDLE_MS : REACH_MS[request.priority])
  const places = limits.map(({ state }, index) => Math.max(rooms[index] ?? 0, ...state.queues.slice(0, rank)))
  const place = Math.max(now, ...places)
  if (slot <= now || (request.waited ? slot : place) <= reach) {
    for (const [index, { state, interval }] of limits.entries()) {
      const counted = critical ? Math.min(slot, latest[index] ?? slot) : slot
      state.arrival = Math.max(state.arrival, counted) + interval
    }
    return { go: Math.ceil(slot) }
  }
  for (const [index, { state, interval }] of limits.entries()) {
    const own = places[index] ?? 0
    if (own > reach) state.queues[rank - 1] = own + interval
  }
  return { wait: Math.ceil(place - LEAD_MS) }
}
