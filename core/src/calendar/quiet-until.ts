import { DAYS, type QuietHours } from '@carillon/schemas'
import { DAY, HOUR, MINUTE, mondayOf, WEEK } from './week.ts'
import { zoneOf } from './zone.ts'

/** A part of a week in local time: ms since Monday 00:00. It may end in the week after. */
type Span = { start: number; end: number }
/** The merged windows of a week. */
type Week = readonly Span[]

/** A fully quiet week is not quiet in its first hour, because waiting messages would otherwise never be sent. */
const ALWAYS: Week = [{ start: HOUR, end: WEEK }]

const timeOf = (text: string): number => Number(text.slice(0, 2)) * HOUR + Number(text.slice(3)) * MINUTE

const spansOf = (quiet: QuietHours): Span[] =>
  DAYS.flatMap((day, index) =>
    (quiet.days?.[day] ?? []).map(([from, to]) => {
      const start = timeOf(from)
      const end = timeOf(to)
      return { start: index * DAY + start, end: index * DAY + end + (end < start ? DAY : 0) }
    }),
  )

const moved = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by })

const weekOf = (quiet: QuietHours): Week => {
  const spans = spansOf(quiet).sort((a, b) => a.start - b.start)
  const merged: Span[] = []
  // The weeks before and after let windows around Sunday night merge.
  for (const span of [-WEEK, 0, WEEK].flatMap((week) => spans.map((each) => moved(each, week)))) {
    const last = merged.at(-1)
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end)
    else merged.push(span)
  }
  if (merged.some(({ start, end }) => end - start >= WEEK)) return ALWAYS
  return merged.filter(({ start }) => 0 <= start && start < WEEK)
}

const weeks = new WeakMap<QuietHours, Week>()
const knownWeek = (quiet: QuietHours): Week => {
  const week = weeks.get(quiet) ?? weekOf(quiet)
  weeks.set(quiet, week)
  return week
}

/**
 * Returns the end (epoch ms) of the quiet window that contains `at` (epoch ms); undefined if none does. A window includes its
 * start, not its end. Windows that overlap or adjoin are one. `zone` is the user's time zone, for quiet hours without their
 * own. A fully quiet week pauses in the first hour of Monday. Pure. The windows of an object are cached, so it must not change.
 */
export const quietUntil = (quiet: QuietHours, zone: string, at: number): number | undefined => {
  const week = knownWeek(quiet)
  if (week.length === 0) return undefined
  const { localAt, instantOf } = zoneOf(quiet.timezone ?? zone)
  const monday = mondayOf(localAt(at))
  const windows = [monday - WEEK, monday, monday + WEEK].flatMap((start) =>
    week.map((span) => moved(span, start)),
  )
  let until = at
  for (;;) {
    // Separate windows in local time adjoin if the clock skips the time between them.
    const edge = until
    const next = windows.find(({ start, end }) => instantOf(start) <= edge && edge < instantOf(end))
    if (!next) return until > at ? until : undefined
    until = instantOf(next.end)
  }
}
