/**
 * Clocks of the month's model, by Intl alone: it shares no code with `core/calendar`. Whatever people choose begins and ends at
 * quarters of an hour, so that is how finely it looks.
 * @module
 */

export const TICK_MS = 15 * 60_000
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** What a clock shows: the weekday, minutes after midnight, and the epoch ms at which a clock in UTC shows the same. */
export type Shown = { day: Weekday; minutes: number; asUtc: number }

const formats = new Map<string, Intl.DateTimeFormat>()
const formatIn = (zone: string) => {
  const known = formats.get(zone)
  if (known) return known
  // Swedish dates are written as in ISO 8601.
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  formats.set(zone, made)
  return made
}

export const shownAt = (zone: string, at: number): Shown => {
  const asUtc = Date.parse(`${formatIn(zone).format(at).replace(' ', 'T')}Z`)
  const date = new Date(asUtc)
  return { day: WEEKDAYS[date.getUTCDay()]!, minutes: date.getUTCHours() * 60 + date.getUTCMinutes(), asUtc }
}

/** Returns the first tick after an instant for which a test holds. */
export const tickAfter = (at: number, holds: (tick: number) => boolean): number => {
  let tick = (Math.floor(at / TICK_MS) + 1) * TICK_MS
  while (!holds(tick)) tick += TICK_MS
  return tick
}

/** A window of a day, in minutes after midnight. One that ends before it starts ends on the next day. */
export type QuietWindow = { day: Weekday; from: number; to: number }

export const isQuiet = (quiet: readonly QuietWindow[], zone: string, at: number): boolean => {
  const { day, minutes } = shownAt(zone, at)
  const yesterday = WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7]
  return quiet.some(({ day: starts, from, to }) => {
    if (to > from) return starts === day && from <= minutes && minutes < to
    return (starts === day && minutes >= from) || (starts === yesterday && minutes < to)
  })
}

/** Returns when what is collected hourly, daily or weekly leaves that arrives at an instant. */
export const digestTimeAfter = (
  frequency: 'hourly' | 'daily' | 'weekly',
  { zone, hour, day }: { zone: string; hour: number; day: Weekday },
  at: number,
): number =>
  tickAfter(at, (tick) => {
    const shown = shownAt(zone, tick)
    if (shown.minutes % 60 !== 0) return false
    if (frequency === 'hourly') return true
    return shown.minutes === hour * 60 && (frequency === 'daily' || shown.day === day)
  })
