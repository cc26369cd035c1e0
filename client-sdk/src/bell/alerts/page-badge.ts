import { createFaviconBadge } from './favicon-badge.ts'
import { createTitleBadge, type UnreadCount } from './title-badge.ts'

export type PageBadge = { set(counts: UnreadCount): void; stop(): void }

/**
 * Marks the browser tab while there are unread items: with their number before the title, with another icon, or with both.
 * `stop` restores the title and the icons.
 */
export const createPageBadge = ({ title, icon }: { title: boolean; icon: string }): PageBadge => {
  const badges = [title ? createTitleBadge() : [], icon ? createFaviconBadge(icon) : []].flat()
  return {
    set(counts) {
      for (const badge of badges) badge.set(counts)
    },
    stop() {
      for (const badge of badges) badge.stop()
    },
  }
}
