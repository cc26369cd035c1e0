import type { PanelKey } from './english.ts'

/** A time until which an item may be snoozed, with the name of the choice. */
export type SnoozeTime = { label: PanelKey; until: Date }

const at = (day: Date, addDays: number, hour: number) => {
  const time = new Date(day)
  time.setDate(time.getDate() + addDays)
  time.setHours(hour, 0, 0, 0)
  return time
}

/** Returns the usual times in local time: in an hour, this evening at 18, tomorrow at 9, and Monday at 9. */
export const snoozeTimes = (now: Date): SnoozeTime[] => [
  { label: 'hour', until: new Date(now.getTime() + 3_600_000) },
  // An evening that has almost begun is omitted.
  ...(now.getHours() < 17 ? [{ label: 'evening' as const, until: at(now, 0, 18) }] : []),
  { label: 'tomorrow', until: at(now, 1, 9) },
  { label: 'week', until: at(now, (8 - now.getDay()) % 7 || 7, 9) },
]
