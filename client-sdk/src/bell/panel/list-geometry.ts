/** The elements of a list: the one that scrolls if the bell has a height of its own, and the one with the rows. */
export type ListElements = { scroll: HTMLElement; rows: HTMLElement }

/** Returns the element that scrolls a list: the list itself, an element around the bell, or the page. */
export const containerOf = ({ scroll }: ListElements): Element => {
  for (let at: Element | null = scroll; at; ) {
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
    at = at.assignedSlot ?? at.parentElement ?? ((at.getRootNode() as ShadowRoot).host || null)
  }
  return document.scrollingElement!
}

/** Returns the visible part of a list, as distances from its first row, px. `to` is below `from` if no part is visible. */
export const visiblePart = ({ scroll, rows }: ListElements): { from: number; to: number } => {
  const box = scroll.getBoundingClientRect()
  const { top } = rows.getBoundingClientRect()
  return { from: Math.max(box.top, 0) - top, to: Math.min(box.bottom, innerHeight) - top }
}

/** A rendered row. `place`: its distance from the start of what scrolls. `height`: with the space below it. Both in px. */
export type Measured = { place: number; height: number }

/** Measures the rendered rows, by item id. `space` is the distance between rows, px. */
export const measureRows = (elements: ListElements, container: Element, space: number) => {
  const isPage = container === document.scrollingElement
  const origin = (isPage ? 0 : container.getBoundingClientRect().top) - container.scrollTop
  const measured = new Map<string, Measured>()
  for (const article of elements.rows.querySelectorAll<HTMLElement>(':scope > article')) {
    const { top, bottom } = article.getBoundingClientRect()
    const before = article.previousElementSibling
    const start = before?.matches('.divider') ? before.getBoundingClientRect().top : top
    measured.set(article.dataset.id!, { place: top - origin, height: bottom - start + space })
  }
  return measured
}

/** Reports whether a gap is within `distance` px of the visible part. */
export const hasGapNear = (elements: ListElements, distance: number): boolean => {
  const { from, to } = visiblePart(elements)
  const start = elements.rows.getBoundingClientRect().top
  return (
    from < to &&
    [...elements.rows.querySelectorAll(':scope > .gap')].some((gap) => {
      const { top, bottom } = gap.getBoundingClientRect()
      return bottom - start > from - distance && top - start < to + distance
    })
  )
}

/**
 * Removes the comments that Lit leaves for each removed row (lit/lit#5298). Lit needs one comment before and one after a row, so
 * those between the first and the last of a sequence belong to removed rows.
 */
export const removeStaleMarkers = ({ rows }: ListElements): void => {
  const isMarker = (node: Node | null) => node instanceof Comment && node.data === ''
  for (const node of [...rows.childNodes])
    if (isMarker(node) && isMarker(node.previousSibling) && isMarker(node.nextSibling)) node.remove()
}
