import type { Late, ScheduleInput } from '@carillon/schemas'
import { latestRun, type Recurrence, type Run, runsBetween } from '../calendar/recurrence.ts'

/** A run that is later than this is missed, in ms. */
export const LATE_RUN_MS = 60_000
/** The time from the first to the last instant at which a clock anywhere shows a local time. */
const WORLD_MS = 26 * 3_600_000

/** A run to be sent. `late`: what happens to recipients whose local time has passed. */
export type DueRun = Run & { late?: Late }

/** Returns a local run with the outcome for recipients whose time has passed. */
const withLate = (run: Run, late: Late): DueRun => (run.local === undefined ? run : { ...run, late })

/**
 * Decides which runs of a schedule to send: those after `after`, the instant up to which it was handled, and up to `now` (epoch
 * ms). A run is late if its instant is more than LATE_RUN_MS ago, and a local run only when it is late in every time zone. Late
 * runs are skipped, or only the latest due run is sent, as `missed` says. Pure.
 */
export const runsDue = (
  schedule: Recurrence & Pick<ScheduleInput, 'missed'>,
  after: number,
  now: number,
): DueRun[] => {
  if (after >= now) return []
  const { missed = 'once', local } = schedule
  const onTime = now - LATE_RUN_MS
  const firstOpen = local ? onTime - WORLD_MS : onTime
  const open = runsBetween(schedule, Math.max(after, firstOpen - 1), now)
  if (missed === 'skip') return open.map((run) => withLate(run, 'skip'))
  const latest = open.at(-1) ?? latestRun(schedule, after, now)
  if (!latest) return []
  const sent = open.length > 0 ? open : [latest]
  return sent.map((run) => withLate(run, run.at === latest.at || run.at >= onTime ? 'now' : 'skip'))
}
