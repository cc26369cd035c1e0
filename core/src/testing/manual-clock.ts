import type { Clock } from '../clock.ts'

/** A clock for tests. It stands still until it is set. */
export type ManualClock = Clock & {
  /** Sets the clock, and rings the alarms up to then in order of their times. */
  set(time: number): void
}

export const manualClock = (start: number): ManualClock => {
  let now = start
  const alarms = new Set<{ time: number; ring: () => void }>()
  return {
    now: () => now,
    alarm: (time, ring) => {
      const alarm = { time, ring }
      alarms.add(alarm)
      // A time that is past rings at once, though never before this function returns.
      if (time <= now) setImmediate(() => alarms.delete(alarm) && ring())
      return () => alarms.delete(alarm)
    },
    set: (time) => {
      now = Math.max(now, time)
      const due = [...alarms].filter((alarm) => alarm.time <= now).sort((one, other) => one.time - other.time)
      for (const alarm of due) if (alarms.delete(alarm)) alarm.ring()
    },
  }
}
