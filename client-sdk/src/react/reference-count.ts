/**
 * Counts the components that use a resource, and calls `end` once when none is left. A component that React removes and adds in
 * the same task, as in StrictMode, keeps the resource.
 */
export const createReferenceCount = (end: () => void) => {
  let count = 0
  let ended = false
  return {
    get ended() {
      return ended
    },
    /** Adds a component. Returns a function that removes it. */
    add: () => {
      count++
      return () => {
        count--
        queueMicrotask(() => {
          if (count > 0 || ended) return
          ended = true
          end()
        })
      }
    },
  }
}
