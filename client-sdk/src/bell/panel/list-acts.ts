import type { ArchiveReadParts } from './archive-read.ts'
import type { createEngagement } from './engagement.ts'
import type { Panel } from './panel-state.ts'
import type { createSelection } from './selection.ts'

/** Distance from the end of the list, in heights of the list, at which the next page is loaded. */
const AHEAD = 1.5

/** The actions on a list as a whole. */
export const createListActs = (
  parts: ArchiveReadParts & {
    selection: ReturnType<typeof createSelection>
    engagement: ReturnType<typeof createEngagement>
  },
) => {
  const { list, selection, text, announce } = parts
  const { scroller, engage } = parts.engagement
  // The snapshot of the feed has a failed load. The `error` event of the client reports a failed action.
  const more = () => void list.feed.more().catch(() => {})
  const acts = {
    choose(tab) {
      selection.stop()
      list.choose(tab)
      scroller()?.scrollTo(0, 0)
    },
    readAll() {
      void list.feed.readAll().catch(() => {})
      announce(text()('wasRead'))
    },
    archiveRead() {
      // If its code cannot be loaded, the user can take the action again.
      import('./archive-read.ts').then((part) => part.archiveRead(parts)).catch(() => {})
    },
    showNew() {
      list.insert()
      scroller()?.scrollTo(0, 0)
    },
    more,
    retry: () => void list.feed.refresh().catch(() => {}),
    onScroll() {
      const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = scroller() ?? {}
      if (list.hasMore && scrollHeight - scrollTop - clientHeight < AHEAD * clientHeight) more()
      engage()
    },
  } satisfies Partial<Panel>
  return acts as Pick<Panel, keyof typeof acts>
}
