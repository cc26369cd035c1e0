import type { Changes, Invalidations } from './port.ts'

/** Invalidations of a single process. */
export const inProcessInvalidations = (): Invalidations => {
  const listeners = new Set<(changes: Changes) => void>()
  return {
    publish: async (changes) => {
      for (const listener of listeners) listener(changes)
    },
    subscribe: (listener) => {
      listeners.add(listener)
    },
    close: async () => listeners.clear(),
  }
}
