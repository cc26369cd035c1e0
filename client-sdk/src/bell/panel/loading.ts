import { createTimer } from '../../timing/timer.ts'

/** How long loading takes before the skeleton appears, and the minimum time that it then stays, in ms. */
const AFTER_MS = 150
const AT_LEAST_MS = 300

/** Decides when the skeleton of a loading list is shown, so that it does not flash. */
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
    /** Sets whether the list is loading. */
    follow(isLoading: boolean) {
      const wait = isLoading ? AFTER_MS : Math.max(0, AT_LEAST_MS - (performance.now() - since))
      if (isLoading === isShown) timer.clear()
      else if (!timer.waits()) timer.set(() => show(isLoading), wait)
    },
    stop: timer.clear,
  }
}
