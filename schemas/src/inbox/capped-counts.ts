import type { Counts } from './counts.ts'

/** Counts are exact up to this number; beyond it, `more` is set. */
export const COUNT_MAX = 100

/** Returns counts of at most `max`, with `more` if a number is larger or the search was cut. */
export const countsOf = (unread: number, unseen: number, more = false, max = COUNT_MAX): Counts => ({
  unread: Math.min(unread, max),
  unseen: Math.min(unseen, max),
  ...(more || unread > max || unseen > max ? { more: true as const } : {}),
})
