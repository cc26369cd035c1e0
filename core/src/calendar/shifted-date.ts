import { LocalDateTime, parse, Timestamp } from '@carillon/schemas'
import { Temporal } from 'temporal-polyfill'
import { localInstant } from './local-instant.ts'
import { zoneOf } from './zone.ts'

const instantOf = (date: string, zone: string): number | undefined => {
  if (parse(Timestamp, date).success) return Date.parse(date)
  const midnight = `${date}T00:00`
  return parse(LocalDateTime, midnight).success ? localInstant(midnight, zone) : undefined
}

/**
 * Returns the instant (epoch ms) that lies `offset` from a date; undefined if `date` is neither an RFC 3339 instant nor a date
 * such as `2026-12-01`, which begins at midnight in `zone`. `offset` is one that `DateOffset` accepts; its weeks and days
 * are calendar days in `zone`. Pure.
 */
export const shiftedDate = (date: unknown, offset: string, zone: string): number | undefined => {
  const from = typeof date === 'string' ? instantOf(date, zone) : undefined
  if (from === undefined) return undefined
  const time = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zoneOf(zone).name)
  return time.add(Temporal.Duration.from(offset)).epochMilliseconds
}
