export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const WEEK = 7 * DAY

/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY = 4 * DAY

/** Returns the local time at which the day of a local time began. */
export const midnightOf = (local: number): number => Math.floor(local / DAY) * DAY

/** Returns the local time at which the week of a local time began, on Monday. */
export const mondayOf = (local: number): number =>
  Math.floor((local - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY
