import { swipeStyles } from '../styles/swipe.ts'
import { createSwipe, type SwipeDirection } from '../swipe-gesture.ts'
import type { PanelText } from './english.ts'
import type { Panel } from './panel-state.ts'

/** The styles of swiped items. */
export const styles = [swipeStyles]

/**
 * Returns a `pointerdown` listener for the touches of the list. A swipe to the start marks an item as read or unread, a swipe to
 * the end archives or restores it, and a long press selects it.
 */
export const createItemSwipe = ({
  list,
  verbs,
  selection,
  text,
}: Pick<Panel, 'list' | 'verbs' | 'selection'> & { text: () => PanelText }) => {
  const itemOf = ({ dataset }: HTMLElement) => list.items.find(({ id }) => id === dataset.id)
  /** Returns the action of a swipe on an item, and its name. */
  const verbOf = (element: HTMLElement, direction: SwipeDirection) => {
    const item = itemOf(element)
    if (!item) return undefined
    const name =
      direction === 'start'
        ? item.readAt === null
          ? 'read'
          : 'unread'
        : item.archivedAt === null
          ? 'archive'
          : 'restore'
    return { label: text()(name === 'unread' ? 'markUnread' : name), run: () => verbs[name]([item]) }
  }
  return createSwipe({
    find: (target) => (selection.active ? null : target.closest<HTMLElement>('article')),
    label: (element, direction) => verbOf(element, direction)?.label ?? '',
    swiped: (element, direction) => verbOf(element, direction)?.run(),
    longPressed(element) {
      const item = itemOf(element)
      if (item) selection.toggle(item.id)
    },
  })
}
