import { DAYS, type QuietHours } from '@carillon/schemas'

/**
 * A slow model of a zone's clock around an instant: what it shows in every minute, as Intl.DateTimeFormat says. It shares no
 * code with the calendar.
 */

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES

export type ClockModel = { from: number; shown: readonly number[]; first: ReadonlyMap<number, number> }

/** The model of `days` before and after an instant. `shown` and the keys of `first` are minutes, as a clock in UTC has them. */
export const clockModel = (zone: string, around: number, days: number): ClockModel => {
  // Swedish dates are written as in ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const shows = (at: number): number => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / MINUTE
  const from = Math.floor(around / MINUTE) * MINUTE - days * DAY_MINUTES * MINUTE
  const shown = Array.from({ length: 2 * days * DAY_MINUTES }, (_, index) => shows(from + index * MINUTE))
  const first = new Map<number, number>()
  for (const [index, local] of shown.entries()) if (!first.has(local)) first.set(local, index)
  return { from, shown, first }
}

/** The index of the minute that a local minute is, as Temporal's `compatible` has it. */
const indexOf = (model: ClockModel, local: number): number => {
  const found = model.first.get(local)
  if (found !== undefined) return found
  let before = local
  while (!model.first.has(before) && local - before < 2 * DAY_MINUTES) before -= 1
  return model.shown.lastIndexOf(before) + (local - before)
}

/** The instant (epoch ms) of a local time, as Temporal's `compatible` has it. */
export const modelInstant = (model: ClockModel, local: number): number =>
  model.from + indexOf(model, Math.floor(local / MINUTE)) * MINUTE

const minuteOf = (text: string): number => {
  const [hours, minutes] = text.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** Which minutes of a week, from Monday, are quiet. */
const quietMinutes = (quiet: QuietHours): boolean[] => {
  const minutes = Array.from({ length: WEEK_MINUTES }, () => false)
  for (const [index, day] of DAYS.entries())
    for (const [start, end] of quiet.days?.[day] ?? []) {
      let minute = minuteOf(start)
      do {
        minutes[(index * DAY_MINUTES + minute) % WEEK_MINUTES] = true
        minute += 1
      } while (minute % DAY_MINUTES !== minuteOf(end) % DAY_MINUTES)
    }
  return minutes
}

/** Which minutes of the model are quiet. */
export const modelQuiet = (model: ClockModel, quiet: QuietHours): boolean[] => {
  const week = quietMinutes(quiet)
  if (week.every(Boolean)) week.fill(false, 0, 60)
  // 1970-01-05 was a Monday.
  const monday = 4 * DAY_MINUTES
  const isQuiet = (local: number) => week[(local - monday) % WEEK_MINUTES] === true
  const result = model.shown.map(() => false)
  const earliest = Math.min(...model.shown)
  const latest = Math.max(...model.shown)
  const place = (local: number) =>
    local < earliest ? 0 : local > latest ? result.length : indexOf(model, local)
  for (let start = earliest - WEEK_MINUTES; start < latest; start += 1) {
    if (!isQuiet(start)) continue
    let end = start
    while (isQuiet(end)) end += 1
    result.fill(true, place(start), Math.max(place(start), place(end)))
    start = end
  }
  return result
}

/** The first minute of the model after `at` for which a test holds, as epoch ms. */
export const firstAfter = (
  model: ClockModel,
  at: number,
  holds: (index: number) => boolean,
): number | undefined => {
  let index = Math.floor((at - model.from) / MINUTE) + 1
  while (index < model.shown.length && !holds(index)) index += 1
  return index < model.shown.length ? model.from + index * MINUTE : undefined
}
