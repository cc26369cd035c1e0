import { countText } from '../text/count.ts'

type Counts = { unread: number; more?: boolean | undefined }

/** Shows the number of unread items before the page title, and keeps it there when the page changes its title. */
const createTitleBadge = () => {
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
    set(counts: Counts) {
      apply(counts.unread > 0 ? `(${countText(counts)}) ` : '')
    },
    stop() {
      observer.disconnect()
      apply('')
    },
  }
}

/** Replaces the page's icons with another icon while there are unread items. */
const createIconBadge = (href: string) => {
  const badge = Object.assign(document.createElement('link'), { rel: 'icon', href })
  /** The replaced icons, each with its placeholder. */
  const replaced: [Comment, Element][] = []
  const restore = () => {
    badge.remove()
    for (const [place, icon] of replaced.splice(0)) place.replaceWith(icon)
  }
  return {
    set({ unread }: Counts) {
      if (unread === 0) return restore()
      if (badge.isConnected) return
      for (const icon of document.head.querySelectorAll('link[rel~="icon"]')) {
        const place = document.createComment('')
        icon.replaceWith(place)
        replaced.push([place, icon])
      }
      document.head.append(badge)
    },
    stop: restore,
  }
}

export type PageBadge = { set(counts: Counts): void; stop(): void }

/**
 * Marks the browser tab while there are unread items: with their number before the title, with another icon, or with both.
 * `stop` restores the title and the icons.
 */
export const createPageBadge = ({ title, icon }: { title: boolean; icon: string }): PageBadge => {
  const badges = [title ? createTitleBadge() : [], icon ? createIconBadge(icon) : []].flat()
  return {
    set(counts) {
      for (const badge of badges) badge.set(counts)
    },
    stop() {
      for (const badge of badges) badge.stop()
    },
  }
}
