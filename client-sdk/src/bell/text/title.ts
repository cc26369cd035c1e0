import type { InboxItem } from '@carillon/schemas'
import { plain } from './plain.ts'

/** Maximum number of shown characters of a title. */
const TITLE_MAX = 300

/** A visible character: not whitespace, a control character, a default-ignorable code point or a combining mark. */
const VISIBLE = /[^\p{DI}\p{Cc}\p{M}\p{Z}]/u

/** Returns the title of an item, shortened. The type replaces a title without visible characters. */
export const titleOf = ({ title = '', type }: Pick<InboxItem, 'title' | 'type'>): string => {
  const text = plain((VISIBLE.test(title) ? title : type).slice(0, TITLE_MAX + 1))
  return text.length > TITLE_MAX ? `${text.slice(0, TITLE_MAX)}…` : text
}
