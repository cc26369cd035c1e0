import type { ClickSource, InboxItem } from '@carillon/schemas'

/** Follows the link of an item or of one of its actions. `via`: where the item was clicked, if it was its own link. */
export type Follow = (event: MouseEvent, item: InboxItem, url: string | undefined, via?: ClickSource) => void
