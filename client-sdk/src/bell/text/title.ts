import type { InboxItem } from '@carillon/schemas'
import { plain } from './rich-text.ts'

/** Returns the title of an item, or its type if it has none. */
export const titleOf = (item: InboxItem): string => plain(item.title ?? item.type)
