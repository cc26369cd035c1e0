/** The list of the bell: it follows the items of a feed and keeps focus and scroll position. */
import { itemArticle } from './bell-item.js'
import { arrange } from './dom.js'

/** Returns the focused element of the list, for `restoreFocus`. */
const focusIn = (list) => {
  const article = document.activeElement?.closest?.('.bell-item')
  const place = article ? [...list.children].indexOf(article) : -1
  const label =
    article && document.activeElement !== article ? document.activeElement.getAttribute('aria-label') : null
  return { place, id: article?.dataset.id, tool: label?.split(':')[0] }
}

/**
 * Restores the focus after the focused article was replaced or removed: focuses its successor, or the one in
 * its place.
 */
const restoreFocus = ({ list, scroller }, { place, id, tool }, shown) => {
  if (place < 0 || list.contains(document.activeElement)) return
  const same = id && shown.get(id)?.node
  const control =
    same && [...same.querySelectorAll('.bell-tool')].find((each) => each.title.split(':')[0] === tool)
  const next = control ?? same ?? list.children[Math.min(place, list.children.length - 1)] ?? scroller
  next.focus({ preventScroll: true })
}

/** Creates the list in its elements. `change` runs a change on the feed. */
export const bellList = ({ list, scroller }, change) => {
  /** The articles by item id, each with the item it was created from. */
  const shown = new Map()

  return {
    /** Returns the item with this id, if it is listed. */
    item: (id) => shown.get(id)?.item,

    clear: () => {
      shown.clear()
      list.replaceChildren()
      scroller.scrollTop = 0
    },

    /** Shows these items. Articles of unchanged items are not touched. */
    render: (items) => {
      const focus = focusIn(list)
      const ids = new Set(items.map(({ id }) => id))
      for (const id of shown.keys()) if (!ids.has(id)) shown.delete(id)
      items.forEach((item, index) => {
        const before = shown.get(item.id)
        if (before?.item !== item) {
          const node = itemArticle(item, change)
          if (!before && shown.size > 0 && index === 0) node.classList.add('is-new')
          before?.node.replaceWith(node)
          shown.set(item.id, { item, node })
        }
        const { node } = shown.get(item.id)
        node.setAttribute('aria-posinset', String(index + 1))
        node.setAttribute('aria-setsize', '-1')
      })
      arrange(
        list,
        items.map(({ id }) => shown.get(id).node),
      )
      restoreFocus({ list, scroller }, focus, shown)
    },

    /** Moves the focus by `by` items. Returns whether there is one at that place. */
    moveFocus: (by) => {
      const next = list.children[focusIn(list).place + by]
      next?.focus()
      return next !== undefined
    },
  }
}
