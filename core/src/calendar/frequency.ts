import { DAYS, type Day } from '@carillon/schemas'
import { DAY, HOUR, midnightOf, mondayOf } from './week.ts'
import { type Zone, zoneOf } from './zone.ts'

/** How often a digest is sent. */
export type DigestFrequency = 'hourly' | 'daily' | 'weekly'

const nextHour = ({ localAt }: Zone, after: number): number => {
  const within = (offset: number) => after + HOUR - ((((after + offset) % HOUR) + HOUR) % HOUR)
  // A change of the offset within the hour can shift the full hours, for example on Lord Howe Island.
  const now = within(localAt(after) - after)
  const changed = within(localAt(after + HOUR) - (after + HOUR))
  const shown = [now, changed, changed + HOUR].filter((at) => localAt(at) % HOUR === 0)
  return Math.min(...shown)
}

/**
 * Returns the first instant (epoch ms) strictly after `after` (epoch ms) at which digests of a frequency are sent, in local
 * time: hourly when the clock shows a full hour, daily at `hour`, weekly at `hour` on `day`. An `hour` that the clock skips is
 * that hour by the offset before; one that it shows twice is the first. Pure.
 */
export const nextDigest = (
  frequency: DigestFrequency,
  { hour, day }: { hour: number; day: Day },
  zone: string,
  after: number,
): number => {
  const opened = zoneOf(zone)
  if (frequency === 'hourly') return nextHour(opened, after)
  const local = opened.localAt(after)
  const first = frequency === 'daily' ? midnightOf(local) : mondayOf(local) + DAYS.indexOf(day) * DAY
  const step = frequency === 'daily' ? DAY : 7 * DAY
  // A clock that is set back, or skips a day, can put the next one a step earlier or later.
  for (let date = first - step; ; date += step) {
    const at = opened.instantOf(date + hour * HOUR)
    if (at > after) return at
  }
}
