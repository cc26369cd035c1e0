import type { Counts } from '@carillon/schemas'
import type { PageBadge } from './page-badge.ts'

/** Shows the badge in the tab of the browser as the element asks. Its code is loaded when it is first asked for. */
export const createTabBadge = () => {
  let badge: PageBadge | undefined
  let current = ''
  const stop = () => {
    badge?.stop()
    badge = undefined
    current = ''
  }
  return {
    stop,
    /** `icon`: the URL of the icon while there are unread items; '' for none. */
    async show({ title, icon }: { title: boolean; icon: string }, counts: () => Counts) {
      const wanted = title || icon ? `${title} ${icon}` : ''
      if (wanted !== current) {
        stop()
        current = wanted
        // A page does without it if it cannot be loaded.
        const part = wanted ? await import('./page-badge.ts').catch(() => undefined) : undefined
        if (part && wanted === current) badge = part.createPageBadge({ title, icon })
      }
      badge?.set(counts())
    },
  }
}
