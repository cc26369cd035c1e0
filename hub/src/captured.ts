import type { Captured } from '@carillon/core/outreach/provider'

/** What left the bell in development, for people to look at. In memory only. */
export type CapturedList = {
  /** A message that is there already, by its id, is replaced. */
  add(message: Captured): void
  /** Newest first. */
  list(): readonly Captured[]
  get(id: string): Captured | undefined
  /** The listener is called with every message from now on, and must not throw. Returns how to stop that. */
  onAdd(listener: (message: Captured) => void): () => void
}

/** Keeps the newest `max` messages. */
export const createCaptured = (max = 200): CapturedList => {
  const messages = new Map<string, Captured>()
  const listeners = new Set<(message: Captured) => void>()
  return {
    add: (message) => {
      messages.delete(message.id)
      messages.set(message.id, message)
      for (const id of messages.keys()) {
        if (messages.size <= max) break
        messages.delete(id)
      }
      for (const listener of listeners) listener(message)
    },
    list: () => [...messages.values()].reverse(),
    get: (id) => messages.get(id),
    onAdd: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
