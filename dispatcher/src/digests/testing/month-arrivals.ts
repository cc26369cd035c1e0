/**
 * When notifications are delivered to a person of the month's model: sends, at once or later, and runs of schedules.
 * @module
 */
import { shownAt, TICK_MS } from './month-clock.ts'
import type { ModelEvent, ModelPerson, ModelSchedule, ModelSend, ModelWorld } from './month-model.ts'

export type Arrival = {
  at: number
  id: string
  type: string
  key: string
  expiresAt?: number | undefined
}

const MINUTE = 60_000
/** The first place on earth to see a date is at UTC+14. */
const FIRST_MS = 14 * 3_600_000

/** Returns the instant at which a clock shows a local time, which is given as the epoch ms of a clock in UTC. */
const instantOf = (asUtc: number, zone: string): number => {
  for (let at = asUtc - FIRST_MS; ; at += TICK_MS) if (shownAt(zone, at).asUtc === asUtc) return at
}

const sendTime = ({ at, delivery }: ModelSend, zone: string): number | undefined => {
  if (!delivery) return at
  if ('at' in delivery) return delivery.at
  const asUtc = Date.parse(`${delivery.local}Z`)
  const own = instantOf(asUtc, zone)
  // The recipients are looked at when the time comes in UTC+14, or when it is sent.
  const asked = Math.max(at, asUtc - FIRST_MS)
  if (own >= asked) return own
  return delivery.late === 'skip' ? undefined : asked
}

const runsOf = (
  { id, type, minutes, days, zone }: ModelSchedule,
  person: ModelPerson,
  { start, end }: ModelWorld,
): Arrival[] => {
  const found: Arrival[] = []
  const [quarter, rest] = [minutes - (minutes % 15), (minutes % 15) * MINUTE]
  for (let tick = start; tick <= end; tick += TICK_MS) {
    const shown = shownAt(zone ?? person.zone, tick)
    if (shown.minutes !== quarter || !days.includes(shown.day)) continue
    // A local run begins when its time comes in UTC+14.
    const begins = zone ? tick + rest : shown.asUtc + rest - FIRST_MS
    if (begins > start) found.push({ at: tick + rest, id, type, key: 'a' })
  }
  return found
}

/** Returns what is delivered to a person in a context. */
export const arrivalsOf = (
  person: ModelPerson,
  context: '' | 'team',
  world: ModelWorld,
  events: readonly ModelEvent[],
): Arrival[] => [
  ...events.flatMap((event): Arrival[] => {
    if (event.kind !== 'send' || event.context !== context) return []
    const at = sendTime(event, person.zone)
    return at === undefined ? [] : [{ ...event, at }]
  }),
  ...world.schedules
    .filter((schedule) => schedule.context === context)
    .flatMap((schedule) => runsOf(schedule, person, world)),
]
