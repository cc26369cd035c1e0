import { createListeners } from './listeners.ts'

/** A value that changes. `subscribe` and `getSnapshot` fit React's `useSyncExternalStore`. */
export type Readable<T> = {
  getSnapshot(): T
  /** Calls the listener after every change, and sometimes without one. Returns an unsubscribe function. */
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
