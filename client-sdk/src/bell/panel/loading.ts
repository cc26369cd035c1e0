import { createTimer } from '../../timing/timer.ts'

/** The skeleton appears only if loading takes this long, and then stays at least that long, in ms. */
const AFTER_MS = 150
const AT_LEAST_MS = 300

/** Tells when the skeleton of a loading list is shown, so that it does not flash. */
export const createLoading = (update: () => void) => {
  const timer = createTimer()
  let isShown = false
  let since = 0

  const show = (now: boolean) => {
    isShown = now
    since = performance.now()
    update()
  }
  return {
    /** Whether the skeleton is on screen. */
    get isShown() {
      return isShown
    },
    /** Tells whether the list is loading. */
    follow(isLoading: boolean) {
      const wait = isLoading ? AFTER_MS : Math.max(0, AT_LEAST_MS - (performance.now() - since))
      if (isLoading === isShown) timer.clear()
      else if (!timer.waits()) timer.set(() => show(isLoading), wait)
    },
    stop: timer.clear,
  }
}
