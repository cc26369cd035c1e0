/** A set of listeners. One that throws does not keep the others from hearing; its error surfaces on its own. */
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
