import { countText } from '../text/count.ts'

type Counts = { unread: number; more?: boolean | undefined }

/** Shows the number of unread items before the title of the page, also when the page changes its title. */
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

/** Replaces the icons of the page by another one while there are unread items. */
const createIconBadge = (href: string) => {
  const badge = Object.assign(document.createElement('link'), { rel: 'icon', href })
  /** The icons of the page, with what stands for each of them in its place. */
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
 * Shows in the tab of the browser that there are unread items: by their number before the title, or by another icon. `stop`
 * restores both.
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
