import type Libsql from 'libsql'
import { LANES } from '../lanes.ts'

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

/** When the next schedule or retry after `time` is due; Infinity if none. */
export const nextDue = (handle: Libsql.Database) => {
  const schedule = handle.prepare('SELECT MIN(at) AS at FROM stream_schedules')
  const retry = handle.prepare(
    'SELECT MIN(due) AS at FROM stream_messages WHERE lane = ? AND due > 0 AND due > ?',
  )
  return (time: number): number =>
    [schedule.get(), ...LANES.map((_, number) => retry.get(number, time))]
      .map((row) => (row as { at: number | null }).at ?? Infinity)
      .reduce((first, each) => Math.min(first, each), Infinity)
}
