import type { InboxItem } from '@carillon/schemas'
import { plain } from './plain.ts'

/** Characters of a title that are shown. */
const TITLE_MAX = 300

/** A character that is seen: no blank, control or direction mark, and no combining mark alone. */
const VISIBLE = /[^\p{DI}\p{Cc}\p{M}\p{Z}]/u

/** Returns the title of an item, shortened. The type replaces a title in which nothing is visible. */
export const titleOf = ({ title = '', type }: Pick<InboxItem, 'title' | 'type'>): string => {
  const text = plain((VISIBLE.test(title) ? title : type).slice(0, TITLE_MAX + 1))
  return text.length > TITLE_MAX ? `${text.slice(0, TITLE_MAX)}…` : text
}
