import type { DeadReason, Message } from '../port.ts'
import type { JetstreamReader } from './reader.ts'

/**
 * Merges the readers of one queue in several streams. `take` takes an equal share from each, so that a backlog in one
 * stream does not delay the others.
 */
export const mergedReader = (readers: readonly [JetstreamReader, ...JetstreamReader[]]): JetstreamReader => {
  const [first] = readers
  /** The reader of each unfinished message. */
  const givers = new WeakMap<Message, JetstreamReader>()
  let turn = 0

  const takeFrom = (reader: JetstreamReader, max: number) => {
    const taken = reader.take(max)
    for (const message of taken) givers.set(message, reader)
    return taken
  }

  /** Calls `finish` once per reader, with the messages from that reader. */
  const each = async <One>(
    items: readonly One[],
    messageOf: (item: One) => Message,
    finish: (reader: JetstreamReader, mine: One[]) => Promise<void>,
  ) => {
    const groups = readers.map((reader) => ({
      reader,
      mine: items.filter((item) => givers.get(messageOf(item)) === reader),
    }))
    await Promise.all(
      groups.filter(({ mine }) => mine.length > 0).map(({ reader, mine }) => finish(reader, mine)),
    )
  }
  const itself = (message: Message) => message

  return {
    queue: first.queue,
    get ready() {
      return readers.reduce((sum, reader) => sum + reader.ready, 0)
    },
    take: (max) => {
      turn = (turn + 1) % readers.length
      const inTurn = [...readers.slice(turn), ...readers.slice(0, turn)].filter(({ ready }) => ready > 0)
      const taken: Message[] = []
      for (const [index, reader] of inTurn.entries())
        taken.push(...takeFrom(reader, Math.ceil((max - taken.length) / (inTurn.length - index))))
      for (const reader of inTurn) if (taken.length < max) taken.push(...takeFrom(reader, max - taken.length))
      return taken
    },
    onReady: (listener) => {
      for (const reader of readers) reader.onReady(listener)
    },
    ack: (messages) => each(messages, itself, (reader, mine) => reader.ack(mine)),
    retry: (messages, delayMs) => each(messages, itself, (reader, mine) => reader.retry(mine, delayMs)),
    deadLetter: (letters) =>
      each(
        letters,
        ({ message }: { message: Message; reason: DeadReason }) => message,
        (reader, mine) => reader.deadLetter(mine),
      ),
    close: async () => {
      await Promise.all(readers.map((reader) => reader.close()))
    },
    abandon: () => {
      for (const reader of readers) reader.abandon()
    },
  }
}
