import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import type { Message, Reader } from '../port.ts'
import { QUEUES } from '../queues.ts'
import { queueRows } from './queue-rows.ts'
import { type EmbeddedReader, embeddedReader, type ReaderParts } from './reader.ts'
import { end, messageOf, sequenceOf, start } from './tables.ts'
import type { Write } from './write.ts'

/** Rows per read, so that one queue does not block the event loop. */
const CHUNK = 1_000
const RETRY_MS = 1_000

type Slot = {
  queue: Queue
  number: number
  /** The last place handed out, and the end of the queue's range of places. */
  cursor: number
  end: number
  readers: EmbeddedReader[]
  /** Messages that the readers get at the end of this turn. */
  arriving: Message[]
  loading: boolean
  stale: boolean
  /** Whether the readers had no room for all waiting messages. */
  more: boolean
}

const newSlot = (queue: Queue, number: number): Slot => ({
  queue,
  number,
  cursor: start(queue),
  end: end(queue),
  readers: [],
  arriving: [],
  loading: false,
  stale: false,
  more: false,
})

/**
 * Tracks the queues and their readers. Which reader holds which message is kept in memory only, because one process reads
 * the file. Deliveries are recorded first, so that a message that crashes the process is counted.
 */
export const embeddedQueues = ({
  handle,
  write,
  ...parts
}: { handle: Libsql.Database; write: Write } & Omit<ReaderParts, 'rows'>) => {
  const { now, unwritten } = parts
  const rows = queueRows(handle)
  const slots = new Map<Queue, Slot>(QUEUES.map((queue, number) => [queue, newSlot(queue, number)]))
  let closed = false

  const load = async (slot: Slot) => {
    for (;;) {
      slot.stale = false
      const room = slot.readers.reduce((sum, reader) => sum + reader.room(), 0)
      const max = Math.min(room, CHUNK)
      slot.more = max === 0
      if (closed || max === 0) return
      const taken = await write(() => rows.take(slot, now(), max), 'committed')
      slot.cursor = taken.cursor
      slot.more = taken.full
      await handOut(
        slot,
        taken.rows.flatMap((row) =>
          unwritten.passesOver(sequenceOf(row)) ? [] : [messageOf(slot.queue, row)],
        ),
      )
      if (!taken.full && !slot.stale) return
    }
  }

  /** Distributes messages round-robin. Returns messages to the queue if a reader closed in between. */
  const handOut = async (slot: Slot, messages: readonly Message[]) => {
    const over: Message[] = []
    for (const message of messages) {
      const index = slot.readers.findIndex((reader) => reader.room() > 0)
      const [reader] = index < 0 ? [] : slot.readers.splice(index, 1)
      if (!reader) {
        over.push(message)
        continue
      }
      reader.give(message)
      slot.readers.push(reader)
    }
    if (over.length > 0) await unwritten.change(over, () => rows.giveBack(over))
  }

  /** Loads waiting messages for the queue's readers. */
  const wake = (queue: Queue) => {
    const slot = slots.get(queue)
    if (!slot || slot.readers.length === 0 || closed) return
    slot.stale = true
    if (slot.loading) return
    slot.loading = true
    load(slot)
      // While the log is unusable, readers wait; `check` reports the error.
      .catch(() => setTimeout(wake, RETRY_MS, queue).unref())
      .finally(() => {
        slot.loading = false
        if (slot.stale) queueMicrotask(() => wake(queue))
      })
  }

  /** Reports whether no other messages wait and the readers have room for this number. */
  const hasRoom = (queue: Queue, count: number): boolean => {
    const slot = slots.get(queue)
    if (!slot || slot.more || closed) return false
    return slot.readers.reduce((sum, reader) => sum + reader.room(), -slot.arriving.length) >= count
  }

  /** Gives messages to readers at the end of this turn, so that the requests of a turn form a batch. */
  const give = (queue: Queue, messages: readonly Message[]) => {
    const slot = slots.get(queue)!
    if (slot.arriving.push(...messages) > messages.length) return
    // What cannot be returned to the file is written later, because it has waited for too long.
    setImmediate(() => void handOut(slot, slot.arriving.splice(0)).catch(() => {}))
  }

  const read = (queue: Queue, buffer: number): Reader => {
    const slot = slots.get(queue)
    if (!slot) throw new RangeError(`there is no queue ${queue}`)
    const reader = embeddedReader(
      { ...parts, rows },
      {
        queue,
        buffer,
        onRoom: () => {
          if (slot.more) wake(queue)
        },
        onWaiting: () => wake(queue),
        onClose: () => {
          slot.readers = slot.readers.filter((each) => each !== reader)
        },
      },
    )
    slot.readers.push(reader)
    wake(queue)
    return reader
  }

  return {
    wake,
    hasRoom,
    give,
    read,
    stop: () => {
      closed = true
    },
  }
}

export type EmbeddedQueues = ReturnType<typeof embeddedQueues>
