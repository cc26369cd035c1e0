/**
 * Creates a set of listeners. An error thrown by one is rethrown in a microtask, so that the others are still
 * called.
 */
export const createListeners = <Args extends unknown[]>() => {
  const listeners = new Set<(...args: Args) => void>()
  return {
    add(listener: (...args: Args) => void): () => void {
      const own = (...args: Args) => listener(...args)
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
    call(...args: Args): void {
      for (const listener of [...listeners]) {
        try {
          listener(...args)
        } catch (error) {
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
