import type { Amendment } from '../ports/notifications.ts'

/** Parses stored amendments, and returns them with the earliest first. */
export const amendmentsOf = (texts: Iterable<string>): { amendments?: Amendment[] } => {
  const found = [...texts].map((text) => JSON.parse(text) as Amendment)
  return found.length === 0 ? {} : { amendments: found.sort((one, other) => one.at - other.at) }
}
