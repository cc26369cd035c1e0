import type { Amendment } from '../ports/notifications.ts'

/** Returns amendments from their stored texts, the earliest first. */
export const amendmentsOf = (texts: Iterable<string>): { amendments?: Amendment[] } => {
  const found = [...texts].map((text) => JSON.parse(text) as Amendment)
  return found.length === 0 ? {} : { amendments: found.sort((one, other) => one.at - other.at) }
}
