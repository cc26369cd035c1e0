/** Something with a current value: `subscribe` and `getSnapshot` are what React's useSyncExternalStore takes. */
export type Readable<T> = {
  getSnapshot(): T
  /** Calls back after every change, at times without one. Returns its own undoing. */
  subscribe(listener: () => void): () => void
}

export type Store<T> = Readable<T> & { set(value: T): void }

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

export const createStore = <T>(initial: T): Store<T> => {
  let value = initial
  const listeners = createListeners<[]>()
  return {
    getSnapshot: () => value,
    subscribe: listeners.add,
    set(next) {
      if (next === value) return
      value = next
      listeners.call()
    },
  }
}
