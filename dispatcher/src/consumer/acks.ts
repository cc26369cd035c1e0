import type { Message } from '@carillon/core/stream/port'

type Waiting = { messages: readonly Message[]; resolve(): void; reject(error: unknown): void }

/**
 * Acknowledges messages in batches: messages that end in one turn of the event loop, or while others are
 * being acknowledged, share one round trip.
 */
export const createAcks = (ackAll: (messages: readonly Message[]) => Promise<void>) => {
  let waiting: Waiting[] = []
  let flushing = false

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      try {
        await ackAll(together.flatMap(({ messages }) => messages))
        for (const { resolve } of together) resolve()
      } catch (error) {
        for (const { reject } of together) reject(error)
      }
    }
    flushing = false
  }

  return (messages: readonly Message[]): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ messages, resolve, reject })
      if (flushing) return
      flushing = true
      setImmediate(flush)
    })
}
