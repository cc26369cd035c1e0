import type { Counts } from '@carillon/schemas'
import type { PageBadge } from './page-badge.ts'

/** Creates the badge in the browser tab. Its code is loaded when a badge is first shown. */
export const createLazyPageBadge = () => {
  let badge: PageBadge | undefined
  let current = ''
  const stop = () => {
    badge?.stop()
    badge = undefined
    current = ''
  }
  return {
    stop,
    /** `icon`: the URL of the icon to show while there are unread items; '' for none. */
    async show({ title, icon }: { title: boolean; icon: string }, counts: () => Counts) {
      const wanted = title || icon ? `${title} ${icon}` : ''
      if (wanted !== current) {
        stop()
        current = wanted
        // The badge is optional, so a failed load is not reported.
        const part = wanted ? await import('./page-badge.ts').catch(() => undefined) : undefined
        if (part && wanted === current) badge = part.createPageBadge({ title, icon })
      }
      badge?.set(counts())
    },
  }
}
