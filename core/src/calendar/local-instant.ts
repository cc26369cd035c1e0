import { HOUR } from './week.ts'
import { zoneOf } from './zone.ts'

/** The largest offset from UTC: that of Kiritimati. */
const EARLIEST_OFFSET = 14 * HOUR

/** The smallest offset from UTC: that of Baker Island. */
const LATEST_OFFSET = -12 * HOUR

const localOf = (local: string): number => Date.parse(`${local}Z`)

/**
 * Returns the instant (epoch ms) at which clocks in `zone` show a local date and time, as `LocalDateTime` checks it. One that
 * does not exist, or exists twice, follows Temporal's `compatible`. Pure.
 */
export const localInstant = (local: string, zone: string): number => zoneOf(zone).instantOf(localOf(local))

/** Returns the first instant (epoch ms) at which a clock anywhere shows a local date and time: that in UTC+14. Pure. */
export const earliestInstant = (local: string): number => localOf(local) - EARLIEST_OFFSET

/** Returns the last instant (epoch ms) at which a clock anywhere shows a local date and time: that in UTC-12. Pure. */
export const latestInstant = (local: string): number => localOf(local) - LATEST_OFFSET
