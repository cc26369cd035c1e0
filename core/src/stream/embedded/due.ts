import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import type { Clock } from '../../clock.ts'
import { ProblemError } from '../../errors.ts'
import { QUEUES } from '../queues.ts'
import { failure } from './write.ts'

const RETRY_MS = 1_000

/** A single alarm for the earliest due time. Calls `ring` when it is due. */
const earliestAlarm = (clock: Clock, ring: () => void) => {
  let at = Infinity
  let stop = () => {}
  return {
    stop: () => stop(),
    set(time: number) {
      if (time >= at) return
      stop()
      at = time
      stop = clock.alarm(time, () => {
        at = Infinity
        ring()
      })
    },
  }
}

/** Queries for due schedules and retries. Times are Infinity if there are none. */
const waitingIn = (handle: Libsql.Database) => {
  const schedule = handle.prepare('SELECT MIN(at) AS at FROM stream_schedules')
  // Two index look-ups per queue. The first condition is the range; SQLite needs the last to use the partial index.
  const firsts = handle.prepare(`
    SELECT
      (SELECT due FROM stream_messages WHERE queue = value AND due > 0 ORDER BY due LIMIT 1) AS first,
      (SELECT due FROM stream_messages WHERE queue = value AND due > ? AND due > 0 ORDER BY due LIMIT 1) AS later
    FROM json_each(?) ORDER BY value`)
  const numbers = JSON.stringify([...QUEUES.keys()])
  return {
    /** Returns when the next schedule is due. */
    schedule: (): number => (schedule.get() as { at: number | null }).at ?? Infinity,

    /** Returns the queues with retries due by `time`, and when the next retry is due. */
    retries(time: number): { due: Queue[]; next: number } {
      const rows = firsts.all(time, numbers) as { first: number | null; later: number | null }[]
      return {
        due: QUEUES.filter((_, number) => (rows[number]?.first ?? Infinity) <= time),
        next: rows.reduce((least, { later }) => Math.min(least, later ?? Infinity), Infinity),
      }
    },
  }
}

/** Wakes the readers of due retries and fires due schedules, until stopped. */
export const startTimer = ({
  handle,
  clock,
  wake,
  fire,
}: {
  handle: Libsql.Database
  clock: Clock
  wake(queue: Queue): void
  /** Moves schedules due by `time` into their queues. */
  fire(time: number): Promise<void>
}) => {
  const waiting = waitingIn(handle)
  let stopped = false

  const ring = async () => {
    if (stopped) return
    const time = clock.now()
    try {
      const retries = waiting.retries(time)
      for (const queue of retries.due) wake(queue)
      if (waiting.schedule() <= time) await fire(time)
      timer.set(Math.min(retries.next, waiting.schedule()))
    } catch (error) {
      // Schedules stay in the file and fire once the log works again; `check` reports the error.
      if (!(failure(error) instanceof ProblemError))
        process.emitWarning(`scheduled messages did not fire: ${String(error)}`)
      timer.set(time + RETRY_MS)
    }
  }
  const timer = earliestAlarm(clock, () => void ring())
  timer.set(Math.min(waiting.retries(0).next, waiting.schedule()))

  return {
    /** Also rings at `time` (epoch ms). */
    set: timer.set,
    stop: () => {
      stopped = true
      timer.stop()
    },
  }
}
