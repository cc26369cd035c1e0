import { z } from 'zod'
import { named } from '../validation/names.ts'

/** The first instant whose year in UTC has four digits, as RFC 3339 requires. */
const YEAR_0_MS = Date.parse('0000-01-01T00:00:00Z')

export const Timestamp = named(
  z.iso
    .datetime({ offset: true, abort: true })
    .max(64)
    .refine((text) => Date.parse(text) >= YEAR_0_MS, 'must not be before the year 0000 in UTC')
    .meta({ description: 'An instant as RFC 3339', examples: ['2026-01-31T09:00:00Z'] }),
  'an instant',
)

/** How far ahead `deliverAt`, `expiresAt` and `snoozedUntil` may lie. Checked against the clock, after parsing. */
export const HORIZON_DAYS = 366
