import type { ClickSource, InboxItem } from '@carillon/schemas'
import type { Client } from '../client/client.ts'
import { isLink } from './text/link.ts'

/**
 * Follows the link of an item or of one of its actions. `via`: where the item's own link was clicked; undefined for an action.
 */
export type Follow = (event: MouseEvent, item: InboxItem, url: string | undefined, via?: ClickSource) => void

/** The interface of the element. */
type FollowHost = {
  client: () => Client | undefined
  /** Emits `item-click`. Returns false if the app canceled it. */
  emitClick: (item: InboxItem) => boolean
  /** Returns the app's own function that opens a URL. */
  navigate: () => ((url: string) => void) | undefined
  /** Hides the panel. */
  hide: () => void
}

/** Reports a click, and opens the link unless the app cancels `item-click` or navigates itself. */
export const createFollow =
  ({ client, emitClick, navigate, hide }: FollowHost): Follow =>
  (event, item, url, via) => {
    // The request is sent before the page navigates. The `error` event of the client reports a failure.
    if (via)
      void client()
        ?.clicked(item.id, via)
        .catch(() => {})
    if (!emitClick(item)) return event.preventDefault()
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!isLink(url) || !isPlain) return
    const open = navigate()
    if (open) {
      event.preventDefault()
      hide()
      open(url)
    } else if ((event.currentTarget as Element).localName !== 'a') location.assign(url)
  }
