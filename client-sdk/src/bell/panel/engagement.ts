import type { List } from './list.ts'

/**
 * Follows whether the user is busy with the list: with the pointer, the focus, a selection or a menu, or because it is scrolled.
 * Arrivals wait meanwhile.
 */
export const createEngagement = (root: ShadowRoot, list: List, isBusy: () => boolean, update: () => void) => {
  /** The id of the focused item, and its position, from 0. */
  let focused: string | undefined
  let position = 0
  let hovered = false

  const scroller = () => root.querySelector<HTMLElement>('.scroll')
  const engage = () => {
    const isScrolled = (scroller()?.scrollTop ?? 0) > 0
    list.engage(hovered || focused !== undefined || isScrolled || isBusy())
  }

  return {
    get focused() {
      return focused
    },
    scroller,
    engage,
    onHover({ type }: Event) {
      hovered = type === 'pointerenter'
      engage()
    },
    onFocus({ type, target, relatedTarget }: FocusEvent) {
      const now = (type === 'focusin' ? target : relatedTarget) as Element | null
      const id = now?.closest<HTMLElement>('article')?.dataset.id
      // An item that was removed keeps its entry until the next one gets the focus.
      if (id === focused || (!now && !list.items.some((item) => item.id === focused))) return
      focused = id
      position = list.items.findIndex((item) => item.id === id)
      engage()
      update()
    },
    /** Gives the focus of a removed item to the next one. */
    keepFocus() {
      if (focused === undefined || list.items.some(({ id }) => id === focused)) return
      focused = undefined
      if (root.activeElement && !root.activeElement.matches('dialog')) return
      const articles = scroller()?.querySelectorAll('article') ?? []
      const next = articles[Math.min(position, articles.length - 1)] ?? scroller()
      next?.focus()
    },
    /** Forgets everything, because the panel closes. */
    reset() {
      hovered = false
      focused = undefined
      engage()
    },
  }
}
