import type { Captured } from '@carillon/core/delivery/captured'

/** Messages captured in development, sent or not. */
export type CapturedList = {
  /** Adds a message, or replaces the one with the same id. */
  add(message: Captured): void
  /** Newest first. */
  list(): readonly Captured[]
  get(id: string): Captured | undefined
  /** Calls the listener for every new message. It must not throw. Returns an unsubscribe function. */
  onAdd(listener: (message: Captured) => void): () => void
}

/** Maximum messages in a list. */
export const CAPTURED_MAX = 200

/** Keeps the newest `max` messages. `known`: messages of an earlier run, oldest first. */
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
