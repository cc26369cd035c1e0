import { countText } from '../text/count.ts'

export type UnreadCount = { unread: number; more?: boolean | undefined }

/** Shows the number of unread items before the page title, and keeps it there when the page changes its title. */
export const createTitleBadge = () => {
  let prefix = ''
  const apply = (next = prefix) => {
    const { title } = document
    const plain = title.startsWith(prefix) ? title.slice(prefix.length) : title
    prefix = next
    if (title !== prefix + plain) document.title = prefix + plain
  }
  const observer = new MutationObserver(() => apply())
  observer.observe(document.head, { childList: true, subtree: true, characterData: true })
  return {
    set(counts: UnreadCount) {
      apply(counts.unread > 0 ? `(${countText(counts)}) ` : '')
    },
    stop() {
      observer.disconnect()
      apply('')
    },
  }
}
