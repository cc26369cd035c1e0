import type { List } from './list.ts'

/**
 * Tracks whether the user is busy with the list: it is hovered, focused or scrolled, or it has a selection or an open menu. New
 * items are not inserted meanwhile.
 */
export const createFocusAndHover = (
  root: ShadowRoot,
  list: List,
  isBusy: () => boolean,
  update: () => void,
) => {
  /** The id of the focused item, and its position, from 0. */
  let focused: string | undefined
  let position = 0
  let hovered = false
  /** The id of the item that gets the focus after the next rendering. */
  let wanted: string | undefined

  const scroller = () => root.querySelector<HTMLElement>('.scroll')
  const focusItem = (id: string | undefined) => {
    wanted = id
    update()
  }
  const engage = () => {
    const scroll = scroller()
    // The page may scroll instead.
    const isScrolled = !!scroll && (scroll.scrollTop > 0 || scroll.getBoundingClientRect().top < 0)
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
      // The id of a removed item is kept until another item gets the focus.
      if (id === focused || (!now && !list.ids.includes(focused ?? ''))) return
      focused = id
      engage()
      update()
    },
    focusItem,
    /** The ids of the items that have or get the focus. */
    kept: () => [focused, wanted],
    /** Called after each rendering. Moves the focus to the wanted item, and from a removed item to the next one. */
    rendered() {
      const articles = [...(scroller()?.querySelectorAll('article') ?? [])]
      articles.find(({ dataset }) => dataset.id === wanted)?.focus()
      wanted = undefined
      if (focused === undefined) return
      const { ids } = list
      const now = ids.indexOf(focused)
      if (now >= 0) {
        position = now
        return
      }
      focused = undefined
      if (root.activeElement && !root.activeElement.matches('dialog')) return
      if (ids.length > 0) focusItem(ids[position] ?? ids.at(-1))
      else scroller()?.focus()
    },
    /** Resets the state when the panel closes. */
    reset() {
      hovered = false
      focused = undefined
      engage()
    },
  }
}
