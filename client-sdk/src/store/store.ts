import { createListeners } from './listeners.ts'

/** Something with a current value: `subscribe` and `getSnapshot` are what React's useSyncExternalStore takes. */
export type Readable<T> = {
  getSnapshot(): T
  /** Calls back after every change, at times without one. Returns its own undoing. */
  subscribe(listener: () => void): () => void
}

export type Store<T> = Readable<T> & { set(value: T): void }

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
