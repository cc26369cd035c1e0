/** The minimum distance of a swipe, in px. */
const DISTANCE = 80
/** The width of the screen edges where the browser has its own gestures, in px. */
const EDGE = 24
/** The movement after which a touch is a swipe or a scroll, and no longer a long press, in px. */
const SLOP = 10
const LONG_PRESS_MS = 500
const BACK_MS = 220

/** Relative to the reading direction: in English, `start` is to the left. */
export type SwipeDirection = 'start' | 'end'

export type SwipeHost = {
  /** Returns the element that a touch moves, if any. */
  find: (target: Element) => HTMLElement | null | undefined
  /** Returns the name of the swipe action, which the moved element uncovers. */
  label?: (element: HTMLElement, direction: SwipeDirection) => string
  swiped: (element: HTMLElement, direction: SwipeDirection) => void
  /** Called for a long press: a touch of half a second without movement. */
  longPressed?: (element: HTMLElement) => void
}

/** Moves the element with the finger. Attributes and custom properties select the styles; CSP allows setting them by script. */
const move = (element: HTMLElement, distance: number, direction: SwipeDirection, label: string) => {
  Object.assign(element.dataset, { swipe: direction, label })
  element.toggleAttribute('data-far', Math.abs(distance) >= DISTANCE)
  element.style.setProperty('--swipe', `${distance}px`)
  element.style.setProperty('--uncovered', `${Math.abs(distance)}px`)
}

const moveBack = (element: HTMLElement) => {
  if (!element.dataset.swipe) return
  element.toggleAttribute('data-back', true)
  element.style.setProperty('--swipe', '0px')
  element.style.setProperty('--uncovered', '0px')
  setTimeout(() => {
    for (const name of ['swipe', 'label', 'far', 'back']) delete element.dataset[name]
  }, BACK_MS)
}

/**
 * Returns a `pointerdown` listener that recognizes horizontal swipes and long presses by finger or pen. The browser handles
 * vertical movement as scrolling; the moved elements need `touch-action: pan-y`.
 */
export const createSwipe = ({ find, label, swiped, longPressed }: SwipeHost) => {
  const follow = (element: HTMLElement, { clientX, clientY, pointerId }: PointerEvent) => {
    const atEdge = clientX < EDGE || clientX > innerWidth - EDGE
    const sign = getComputedStyle(element).direction === 'rtl' ? -1 : 1
    const done = new AbortController()
    const { signal } = done
    let distance = 0
    let isSwipe = false
    const direction = (): SwipeDirection => (distance * sign > 0 ? 'end' : 'start')
    const end = () => {
      clearTimeout(longPress)
      moveBack(element)
      // A click may follow the touch, so the listeners are removed after it.
      setTimeout(() => done.abort())
    }
    const suppress = (event: Event) => {
      event.preventDefault()
      event.stopPropagation()
    }
    const longPress = setTimeout(() => {
      if (!longPressed) return
      // The finger is still down. Its release must not count as a click.
      element.addEventListener('click', suppress, { capture: true, signal })
      longPressed(element)
    }, LONG_PRESS_MS)

    const onMove = ({ clientX: x, clientY: y }: PointerEvent) => {
      distance = x - clientX
      const vertical = Math.abs(y - clientY)
      if (!isSwipe) {
        if (Math.max(Math.abs(distance), vertical) < SLOP) return
        clearTimeout(longPress)
        if (atEdge || vertical > Math.abs(distance)) return end()
        isSwipe = true
        element.setPointerCapture(pointerId)
        element.addEventListener('click', suppress, { capture: true, signal })
      }
      move(element, distance, direction(), label?.(element, direction()) ?? '')
    }
    const onUp = () => {
      end()
      // The touch ends first, because a browser may miss the next touch if the element is removed during this one.
      if (isSwipe && Math.abs(distance) >= DISTANCE) setTimeout(() => swiped(element, direction()))
    }
    element.addEventListener('pointermove', onMove, { signal })
    element.addEventListener('pointerup', onUp, { signal })
    element.addEventListener('pointercancel', end, { signal })
    // A long press on a link would open the browser's context menu.
    if (longPressed) element.addEventListener('contextmenu', suppress, { signal })
  }

  return (event: PointerEvent): void => {
    const element = event.pointerType === 'mouse' || !event.isPrimary ? null : find(event.target as Element)
    if (element) follow(element, event)
  }
}
