/** How far a swipe has to go, and the margins of the screen that belong to the gestures of the browser, in px. */
const DISTANCE = 80
const OUTER = 24
/** Movement that decides between a swipe, scrolling and holding, in px. */
const SLOP = 10
const HOLD_MS = 500
const BACK_MS = 220

/** In the reading direction of the page: left is the start of English text. */
export type SwipeDirection = 'start' | 'end'

export type SwipeHost = {
  /** Returns the element that a touch moves; nothing if it does not move. */
  find: (target: Element) => HTMLElement | null | undefined
  /** Returns the name of what a swipe would do, which the element uncovers. */
  label?: (element: HTMLElement, direction: SwipeDirection) => string
  swiped: (element: HTMLElement, direction: SwipeDirection) => void
  /** Called when an element was touched for half a second without moving. */
  held?: (element: HTMLElement) => void
}

/** Moves the element with the finger, and says in attributes what the styles show. CSP allows changes of the CSSOM. */
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
 * Returns a listener for `pointerdown` that follows a finger or pen: a swipe to either side, or holding. Vertical movement
 * stays with the browser, which scrolls; the moved elements need `touch-action: pan-y`.
 */
export const createSwipe = ({ find, label, swiped, held }: SwipeHost) => {
  const follow = (element: HTMLElement, { clientX, clientY, pointerId }: PointerEvent) => {
    const isOuter = clientX < OUTER || clientX > innerWidth - OUTER
    const sign = getComputedStyle(element).direction === 'rtl' ? -1 : 1
    const done = new AbortController()
    const { signal } = done
    let distance = 0
    let isSwipe = false
    const direction = (): SwipeDirection => (distance * sign > 0 ? 'end' : 'start')
    const end = () => {
      clearTimeout(hold)
      moveBack(element)
      // The click that may follow the touch comes first.
      setTimeout(() => done.abort())
    }
    const suppress = (event: Event) => {
      event.preventDefault()
      event.stopPropagation()
    }
    const hold = setTimeout(() => {
      if (!held) return
      // The finger is still down; its release is no click.
      element.addEventListener('click', suppress, { capture: true, signal })
      held(element)
    }, HOLD_MS)

    const onMove = ({ clientX: x, clientY: y }: PointerEvent) => {
      distance = x - clientX
      const vertical = Math.abs(y - clientY)
      if (!isSwipe) {
        if (Math.max(Math.abs(distance), vertical) < SLOP) return
        clearTimeout(hold)
        if (isOuter || vertical > Math.abs(distance)) return end()
        isSwipe = true
        element.setPointerCapture(pointerId)
        element.addEventListener('click', suppress, { capture: true, signal })
      }
      move(element, distance, direction(), label?.(element, direction()) ?? '')
    }
    const onUp = () => {
      end()
      // The touch ends first: a browser may miss the next one if the element is gone by then.
      if (isSwipe && Math.abs(distance) >= DISTANCE) setTimeout(() => swiped(element, direction()))
    }
    element.addEventListener('pointermove', onMove, { signal })
    element.addEventListener('pointerup', onUp, { signal })
    element.addEventListener('pointercancel', end, { signal })
    // Holding a link would open the browser's menu for it.
    if (held) element.addEventListener('contextmenu', suppress, { signal })
  }

  return (event: PointerEvent): void => {
    const element = event.pointerType === 'mouse' || !event.isPrimary ? null : find(event.target as Element)
    if (element) follow(element, event)
  }
}
