import type { RelativeTime } from '@carillon/schemas'
import { shiftedDate } from '../calendar/shifted-date.ts'

const valueAt = (data: unknown, path: string): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>(
      (here, key) =>
        typeof here === 'object' && here !== null && Object.hasOwn(here, key)
          ? (here as Record<string, unknown>)[key]
          : undefined,
      data,
    )

/**
 * Returns the instant (epoch ms) of a time relative to a date in `data`; undefined if there is no date. `zone` is the time
 * zone of dates without a time. Pure.
 */
export const relativeInstant = (
  { from, offset = 'PT0S' }: RelativeTime,
  data: unknown,
  zone: string,
): number | undefined => shiftedDate(valueAt(data, from), offset, zone)

/** The fault of a relative time for which `relativeInstant` returns undefined. */
export const NO_DATE = 'data has no RFC 3339 instant or date there'
