import type { ArchiveReadParts } from './archive-read.ts'
import type { createFocusAndHover } from './focus-and-hover.ts'
import type { Panel } from './panel-state.ts'
import type { createSelection } from './selection.ts'

/** Distance from the end of the list, in heights of the list, at which the next page is loaded. */
const AHEAD = 1.5

/** The actions on a list as a whole. */
export const createListActs = (
  parts: ArchiveReadParts & {
    selection: ReturnType<typeof createSelection>
    focusAndHover: ReturnType<typeof createFocusAndHover>
    scrolled: () => void
  },
) => {
  const { list, selection, scrolled, text, announce } = parts
  const { scroller, engage } = parts.focusAndHover
  let isLoading = false
  const more = async () => {
    if (isLoading) return
    isLoading = true
    // The snapshot of the feed has a failed load. The `error` event of the client reports a failed action.
    await list.feed.more().catch(() => {})
    isLoading = false
  }
  const toTop = () => {
    const scroll = scroller()
    scroll?.scrollTo(0, 0)
    if (scroll && scroll.getBoundingClientRect().top < 0) scroll.parentElement?.scrollIntoView()
  }
  const acts = {
    choose(tab) {
      selection.stop()
      list.choose(tab)
      toTop()
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
      toTop()
    },
    more,
    retry: () => void list.feed.refresh().catch(() => {}),
    /** Handles scrolling of the list, or of the page around it. */
    onScroll() {
      const scroll = scroller()
      if (!scroll) return
      const { top, bottom } = scroll.getBoundingClientRect()
      const end = Math.min(bottom, innerHeight)
      const left = top - scroll.scrollTop + scroll.scrollHeight - end
      if (list.hasMore && left < AHEAD * (end - Math.max(top, 0))) void more()
      engage()
      scrolled()
    },
  } satisfies Partial<Panel>
  return acts as Pick<Panel, keyof typeof acts>
}
