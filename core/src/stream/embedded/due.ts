import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import { QUEUES } from '../queues.ts'

/** The longest delay setTimeout takes. */
const FAR_MS = 2 ** 31 - 1

/** One timer for whatever is next: `ring` is called once its time has come. */
export const alarm = (now: () => number, ring: () => void) => {
  let at = Infinity
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  return {
    stop,
    set(time: number) {
      if (time >= at) return
      stop()
      at = time
      timer = setTimeout(
        () => {
          at = Infinity
          ring()
        },
        Math.min(Math.max(time - now(), 0), FAR_MS),
      )
    },
  }
}

/** What the log waits for. Times are Infinity when there is nothing. */
export const waitingIn = (handle: Libsql.Database) => {
  const schedule = handle.prepare('SELECT MIN(at) AS at FROM stream_schedules')
  // Two look-ups in the index a queue. It takes the first condition for its range, and needs the last to be used at all.
  const firsts = handle.prepare(`
    SELECT
      (SELECT due FROM stream_messages WHERE queue = value AND due > 0 ORDER BY due LIMIT 1) AS first,
      (SELECT due FROM stream_messages WHERE queue = value AND due > ? AND due > 0 ORDER BY due LIMIT 1) AS later
    FROM json_each(?) ORDER BY value`)
  const numbers = JSON.stringify([...QUEUES.keys()])
  return {
    /** When the next schedule is due. */
    schedule: (): number => (schedule.get() as { at: number | null }).at ?? Infinity,

    /** The queues with retries that are due by `time`, and when the next one after it is. */
    retries(time: number): { due: Queue[]; next: number } {
      const rows = firsts.all(time, numbers) as { first: number | null; later: number | null }[]
      return {
        due: QUEUES.filter((_, number) => (rows[number]?.first ?? Infinity) <= time),
        next: rows.reduce((least, { later }) => Math.min(least, later ?? Infinity), Infinity),
      }
    },
  }
}
