import type { ClickSource, InboxItem } from '@carillon/schemas'

/**
 * Follows the link of an item or of one of its actions. `via`: where the item's own link was clicked; undefined for an action.
 */
export type Follow = (event: MouseEvent, item: InboxItem, url: string | undefined, via?: ClickSource) => void
