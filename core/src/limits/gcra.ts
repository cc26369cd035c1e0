import { PRIORITIES, type Priority } from '@carillon/schemas'
import { type Granted, HORIZON_MS, type Limit, type Turn } from './port.ts'

/**
 * How far ahead turns of a priority are given for good. What the less urgent leave of the horizon is room that the
 * more urgent always find, however many wait.
 */
export const REACH_MS: Record<Priority, number> = {
  critical: Number.MAX_SAFE_INTEGER,
  high: HORIZON_MS,
  normal: 0.85 * HORIZON_MS,
  low: 0.7 * HORIZON_MS,
}

/** How much before its time a turn that waits asks again: so late may it come, and the limit is still made use of. */
export const LEAD_MS = 0.4 * HORIZON_MS

/**
 * How long a turn may make a limit stand idle that is in use and has room before the others have. Less than any reach,
 * so that no flood at a slow limit keeps others from a fast one.
 */
export const IDLE_MS = 0.6 * HORIZON_MS

/** Two per priority that waits: first those that have waited already, then those that ask for the first time. */
export const QUEUES = 2 * (PRIORITIES.length - 1)

/** How many queues, most urgent first, a turn stands behind; the last of them is its own. Critical ones stand in none. */
export const rankOf = ({ priority, waited }: Turn): number =>
  Math.max(0, 2 * PRIORITIES.indexOf(priority) - (waited ? 1 : 0))

/**
 * A limit in the terms of GCRA: the ms between turns, and how much earlier than that the burst lets them come.
 * Throws a RangeError for what is no pace.
 */
export const paceOf = ({ key, perSecond, burst }: Limit) => {
  if (!(perSecond > 0 && perSecond < Infinity && burst >= 1 && burst < Infinity))
    throw new RangeError(`${key}: ${perSecond} per second and ${burst} at once is not a pace`)
  const interval = 1_000 / perSecond
  return { key, interval, tolerance: interval * (burst - 1) }
}

/**
 * What is remembered of one limit, epoch ms: the theoretical arrival time of the next turn, and the ends of its
 * queues. All of it means nothing once it has passed.
 */
export type Account = { arrival: number; queues: number[] }

export const newAccount = (): Account => ({ arrival: 0, queues: Array<number>(QUEUES).fill(0) })

type Lane = { interval: number; tolerance: number; account: Account }

/**
 * Gives a turn its time, and books it.
 *
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling) says when each limit has room: a tolerance before
 * its theoretical arrival time. The turn's slot is when all have. Slots within reach are given for good, and every
 * arrival time moves on an interval from the slot. A turn that takes place with others in any stretch of time counts
 * for its interval there, so no stretch holds more than the burst and what the pace adds; that holds in whatever order
 * slots are given. Within reach is less when the limits differ so much that one in use would stand idle. Critical
 * turns are given for good even so, and that limit counts them early: it keeps its pace, but they may exceed its burst.
 *
 * What is out of reach is told a time in the queues of those limits that put it there: behind all that is more urgent,
 * and its own kind. One that has waited is given any slot within reach. Should there be none, because more urgent ones
 * came, its new place is ahead of all that ask for the first time. As each queue calls up no more than the limit's
 * pace, so does the asking stay within a small multiple of it, however many wait. What is free at this very moment is
 * anybody's: whoever waited for it did not come.
 */
export const decide = (turn: Turn, lanes: readonly Lane[], now: number): Granted => {
  const rank = rankOf(turn)
  const rooms = lanes.map(({ account, tolerance }) => account.arrival - tolerance)
  const slot = Math.max(now, ...rooms)
  const latest = lanes.map(({ tolerance }) => now + IDLE_MS + tolerance)
  const idle = lanes.some(
    ({ account }, index) => account.arrival > now && account.arrival < slot && slot > (latest[index] ?? 0),
  )
  const critical = rank === 0
  const reach = now + (idle && !critical ? IDLE_MS : REACH_MS[turn.priority])
  const places = lanes.map(({ account }, index) =>
    Math.max(rooms[index] ?? 0, ...account.queues.slice(0, rank)),
  )
  const place = Math.max(now, ...places)
  if (slot <= now || (turn.waited ? slot : place) <= reach) {
    for (const [index, { account, interval }] of lanes.entries()) {
      const booked = critical ? Math.min(slot, latest[index] ?? slot) : slot
      account.arrival = Math.max(account.arrival, booked) + interval
    }
    return { go: Math.ceil(slot) }
  }
  for (const [index, { account, interval }] of lanes.entries()) {
    const own = places[index] ?? 0
    if (own > reach) account.queues[rank - 1] = own + interval
  }
  return { wait: Math.ceil(place - LEAD_MS) }
}
