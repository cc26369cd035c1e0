import type { Queue } from '@carillon/schemas'
import type { DeadReason, Message, Reader } from '../port.ts'
import { readyMessages } from '../ready.ts'
import { AT_ONCE, type QueueRows } from './queue-rows.ts'
import type { Size } from './size.ts'
import type { Unwritten } from './unwritten.ts'

export type ReaderParts = {
  rows: QueueRows
  unwritten: Unwritten
  size: Size
  now(): number
  /** Schedules a wake-up for a message that becomes due at `time`. */
  dueAt(time: number): void
  /** Stores a dead letter, inside a write. Returns 0 if it existed, else 1. */
  deposit(letter: { message: Message; reason: DeadReason }): number
}

type Options = {
  queue: Queue
  buffer: number
  /** Called when messages were removed from the queue. */
  onRoom(): void
  /** Called when messages may wait for a reader. */
  onWaiting(): void
  onClose(): void
}

/** A Reader with the methods that its queue calls. */
export type EmbeddedReader = Reader & {
  /** Number of messages that fit into the buffer. */
  room(): number
  give(message: Message): void
}

/** Reads a queue of the embedded log. The set of held messages is in memory only. */
export const embeddedReader = (
  { rows, unwritten, size, now, dueAt, deposit }: ReaderParts,
  { queue, buffer, onRoom, onWaiting, onClose }: Options,
): EmbeddedReader => {
  const held = new Set<number>()
  const ready = readyMessages()

  /** Applies a change to the messages still held, in one write, and releases them. */
  const settle = async <T>(messages: readonly Message[], change: (mine: readonly Message[]) => T) => {
    const mine = messages.filter(({ sequence }) => held.has(sequence))
    const result = await unwritten.change(mine, () => change(mine))
    for (const { sequence } of mine) held.delete(sequence)
    return result
  }

  return {
    queue,
    room: () => buffer - held.size,
    give: (message) => {
      held.add(message.sequence)
      ready.push(message)
    },
    get ready() {
      return ready.count
    },
    take: ready.take,
    onReady: ready.onReady,
    ack: async (messages) => {
      const written: Message[] = []
      for (const message of messages)
        if (unwritten.has(message)) held.delete(message.sequence)
        else written.push(message)
      unwritten.finish(messages)
      if (written.length > 0) size.inQueue(queue, -(await settle(written, rows.remove)))
      onRoom()
    },
    retry: async (messages, delayMs) => {
      const due = delayMs > 0 ? now() + delayMs : AT_ONCE
      await settle(messages, (mine) => rows.retry(mine, due))
      if (delayMs > 0) dueAt(due)
      onWaiting()
    },
    deadLetter: async (letters) => {
      const reasons = new Map(letters.map(({ message, reason }) => [message.sequence, reason]))
      const changes = await settle(
        letters.map(({ message }) => message),
        (mine) => ({
          kept: mine.reduce((sum, message) => {
            const reason = reasons.get(message.sequence)
            return reason ? sum + deposit({ message, reason }) : sum
          }, 0),
          removed: rows.remove(mine),
        }),
      )
      size.kept(changes.kept)
      size.inQueue(queue, -changes.removed)
      onWaiting()
    },
    close: async () => {
      onClose()
      const untaken = ready.takeAll()
      await settle(untaken, rows.giveBack)
      onWaiting()
    },
  }
}
