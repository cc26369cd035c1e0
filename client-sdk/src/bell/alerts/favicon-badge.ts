/** Replaces the page's icons with another icon while there are unread items. */
export const createFaviconBadge = (href: string) => {
  const badge = Object.assign(document.createElement('link'), { rel: 'icon', href })
  /** The page's icons that were removed from the document, each with the comment node in its place. */
  const removed: [Comment, Element][] = []
  const restore = () => {
    badge.remove()
    for (const [comment, icon] of removed.splice(0)) comment.replaceWith(icon)
  }
  return {
    set({ unread }: { unread: number }) {
      if (unread === 0) return restore()
      if (badge.isConnected) return
      for (const icon of document.head.querySelectorAll('link[rel~="icon"]')) {
        const comment = document.createComment('')
        icon.replaceWith(comment)
        removed.push([comment, icon])
      }
      document.head.append(badge)
    },
    stop: restore,
  }
}
