import type { ScheduleInput } from '@carillon/schemas'
import { Cron } from 'croner'
import { LRUCache } from 'lru-cache'
import { earliestInstant } from './local-instant.ts'

/** When a schedule runs. */
export type Recurrence = Pick<ScheduleInput, 'cron' | 'timezone' | 'local' | 'from' | 'until'>

/**
 * A run of a schedule. `at`: its instant, epoch ms. `local`: its date and time of day, if it runs in each recipient's time
 * zone; `at` is then the first instant at which a clock anywhere shows it.
 */
export type Run = { at: number; local?: string }

const CRONS_MAX = 1_000
/** Shorter than the pause between two runs. */
const STEP_MS = 1_000
const EPOCH = 0

const open = (cron: string, timezone: string): Cron =>
  new Cron(cron, { mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true, timezone })

const crons = new LRUCache<string, Cron>({ max: CRONS_MAX })
const cronOf = (cron: string, timezone: string): Cron => {
  const key = `${cron}\n${timezone}`
  const known = crons.get(key)
  if (known) return known
  const opened = open(cron, timezone)
  crons.set(key, opened)
  return opened
}

/** Returns the fault of a cron expression, such as an invalid field, or that it never fires. Undefined if it is valid. Pure. */
export const cronFault = (cron: string): string | undefined => {
  try {
    return open(cron, 'UTC').nextRun(new Date(EPOCH)) ? undefined : 'never fires'
  } catch (error) {
    const reason = (error as Error).message.replace(/^\w+: /, '')
    return `is not a valid cron expression: ${reason}`
  }
}

const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 16)

/** Returns the first run strictly after an instant, ignoring `from` and `until`. */
const following = ({ cron, timezone = 'UTC', local }: Recurrence, after: number): Run | undefined => {
  if (!local) {
    const at = cronOf(cron, timezone).nextRun(new Date(after))?.getTime()
    return at === undefined ? undefined : { at }
  }
  // A clock in UTC shows every local time once. A clock in UTC+14 shows it earlier by the offset.
  const ahead = -earliestInstant(timeOf(EPOCH))
  const shown = cronOf(cron, 'UTC')
    .nextRun(new Date(after + ahead))
    ?.getTime()
  return shown === undefined ? undefined : { at: shown - ahead, local: timeOf(shown) }
}

/**
 * Returns the first run strictly after an instant (epoch ms); undefined if there is none. A fixed time that the clock skips is
 * the end of the gap, and one that it shows twice is the first. Where minute or hour has a wildcard or step, elapsed time
 * counts. Throws if `cron` or `timezone` is invalid. Pure.
 */
export const nextRun = (recurrence: Recurrence, after: number): Run | undefined => {
  const { from, until } = recurrence
  const start = from === undefined ? after : Math.max(after, Date.parse(from) - 1)
  const run = following(recurrence, start)
  return run && until !== undefined && run.at > Date.parse(until) ? undefined : run
}

/** Returns up to `count` runs strictly after an instant (epoch ms). Pure. */
export const nextRuns = (recurrence: Recurrence, after: number, count: number): Run[] => {
  const runs: Run[] = []
  for (let run = nextRun(recurrence, after); run && runs.length < count; run = nextRun(recurrence, run.at))
    runs.push(run)
  return runs
}

/** Returns the runs after `after` and up to `until` (epoch ms). Pure. */
export const runsBetween = (recurrence: Recurrence, after: number, until: number): Run[] => {
  const runs: Run[] = []
  for (let run = nextRun(recurrence, after); run && run.at <= until; run = nextRun(recurrence, run.at))
    runs.push(run)
  return runs
}

/**
 * Returns the last of the runs after `after` and up to `until` (epoch ms). Computes about 25 runs, however many there are.
 * Pure.
 */
export const latestRun = (recurrence: Recurrence, after: number, until: number): Run | undefined => {
  let [from, to] = [after, until]
  let latest = nextRun(recurrence, from)
  if (!latest || latest.at > until) return undefined
  while (to - from > STEP_MS) {
    const middle = Math.floor((from + to) / 2)
    const run = nextRun(recurrence, middle)
    if (run && run.at <= until) [from, latest] = [middle, run]
    else to = middle
  }
  return latest
}
