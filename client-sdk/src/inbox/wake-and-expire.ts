import type { InboxItem } from '@carillon/schemas'

const DAY_MS = 86_400_000

/** Returns the next time at which an item wakes or expires, at most a day from `now`. */
export const nextWakeOrExpiry = (items: Iterable<InboxItem | null>, now: number): number =>
  [...items]
    .flatMap((item) => [item?.snoozedUntil, item?.expiresAt])
    .map((time) => Date.parse(time ?? ''))
    .reduce((next, at) => (at > now && at < next ? at : next), now + DAY_MS)
