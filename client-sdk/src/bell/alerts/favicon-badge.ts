/** Replaces the page's icons with another icon while there are unread items. */
export const createFaviconBadge = (href: string) => {
  const badge = Object.assign(document.createElement('link'), { rel: 'icon', href })
  /** The replaced icons, each with its placeholder. */
  const replaced: [Comment, Element][] = []
  const restore = () => {
    badge.remove()
    for (const [place, icon] of replaced.splice(0)) place.replaceWith(icon)
  }
  return {
    set({ unread }: { unread: number }) {
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
