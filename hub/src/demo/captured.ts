import type { Captured } from '@carillon/core/delivery/provider'

/** What left the bell in development, or could not have, for people to look at. */
export type CapturedList = {
  /** A message that is there already, by its id, is replaced. */
  add(message: Captured): void
  /** Newest first. */
  list(): readonly Captured[]
  get(id: string): Captured | undefined
  /** The listener is called with every message from now on, and must not throw. Returns an unsubscribe function. */
  onAdd(listener: (message: Captured) => void): () => void
}

/** The newest messages that a list holds. */
export const CAPTURED_MAX = 200

/** Keeps the newest `max` messages; `known` are those of an earlier run, oldest first. */
export const createCaptured = (max = CAPTURED_MAX, known: readonly Captured[] = []): CapturedList => {
  const messages = new Map(known.map((message) => [message.id, message]))
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
