import type { InboxItem } from '@carillon/schemas'
import { plain } from './plain.ts'

/** Characters of a title that are shown. */
const TITLE_MAX = 300

/** Returns the title of an item, or its type if it has none, shortened. */
export const titleOf = ({ title, type }: InboxItem): string => {
  const text = plain((title ?? type).slice(0, TITLE_MAX + 1))
  return text.length > TITLE_MAX ? `${text.slice(0, TITLE_MAX)}…` : text
}
