import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import type { DeadReason, Message, Reader } from '../port.ts'
import { QUEUES } from '../queues.ts'
import type { Size } from './size.ts'
import { end, messageOf, placeOf, type Row, start } from './tables.ts'
import type { Write } from './write.ts'

/** Rows per read, so that one queue does not block the event loop. */
const CHUNK = 1_000
const RETRY_MS = 1_000
/** A `due` in the past: redeliver immediately. */
const AT_ONCE = 1

type Options = {
  handle: Libsql.Database
  write: Write
  size: Size
  now(): number
  /** Schedules a wake-up for a message that becomes due at `time`. */
  dueAt(time: number): void
  /** Stores a dead letter, inside a write. Returns 0 if it existed, else 1. */
  deposit(letter: { message: Message; reason: DeadReason }): number
}

type OpenReader = { room(): number; give(message: Message): void }
type Slot = {
  queue: Queue
  number: number
  /** The last place handed out, and the end of the queue's range of places. */
  cursor: number
  end: number
  readers: OpenReader[]
  loading: boolean
  stale: boolean
  /** The readers had no room for all waiting messages. */
  more: boolean
}

/**
 * Tracks the queues and their readers. Which reader holds which message is kept in memory only, because one process reads
 * the file. Deliveries are recorded first, so that a message that crashes the process is counted.
 */
export const embeddedQueues = ({ handle, write, size, now, dueAt, deposit }: Options) => {
  const columns = 'place, subject, data, dedupe, headers, appended, deliveries'
  const fresh = handle.prepare(`
    SELECT ${columns} FROM stream_messages WHERE place > ? AND place < ? AND due = 0 ORDER BY place LIMIT ?`)
  const again = handle.prepare(`
    SELECT ${columns} FROM stream_messages WHERE queue = ? AND due > 0 AND due <= ? ORDER BY due, place LIMIT ?`)
  const inHand = handle.prepare('UPDATE stream_messages SET due = 0 WHERE place = ?')
  const mark = handle.prepare('INSERT OR REPLACE INTO stream_queues (queue, delivered) VALUES (?, ?)')
  const remove = handle.prepare('DELETE FROM stream_messages WHERE place IN (SELECT value FROM json_each(?))')
  const putBack = handle.prepare('UPDATE stream_messages SET due = ?, deliveries = ? WHERE place = ?')

  const slots = new Map<Queue, Slot>(
    QUEUES.map((queue, number) => [
      queue,
      {
        queue,
        number,
        cursor: start(queue),
        end: end(queue),
        readers: [],
        loading: false,
        stale: false,
        more: false,
      },
    ]),
  )
  let closed = false

  const load = async (slot: Slot) => {
    for (;;) {
      slot.stale = false
      const room = slot.readers.reduce((sum, reader) => sum + reader.room(), 0)
      const max = Math.min(room, CHUNK)
      slot.more = max === 0
      if (closed || max === 0) return
      const { rows, cursor } = await write(() => {
        const rows = again.all(slot.number, now(), max) as Row[]
        for (const { place } of rows) inHand.run(place)
        const first = fresh.all(slot.cursor, slot.end, max - rows.length) as Row[]
        const cursor = first.at(-1)?.place ?? slot.cursor
        if (first.length > 0) mark.run(slot.number, cursor)
        return { rows: [...rows, ...first], cursor }
      }, 'committed')
      slot.cursor = cursor
      slot.more = rows.length === max
      await handOut(
        slot,
        rows.map((row) => messageOf(slot.queue, row)),
      )
      if (rows.length < max && !slot.stale) return
    }
  }

  /** Distributes messages round-robin. Returns to the queue what a closed reader left. */
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
    if (over.length > 0) await giveBack(over)
  }

  const giveBack = (messages: readonly Message[]) =>
    write(() => {
      for (const message of messages) putBack.run(AT_ONCE, message.deliveries - 1, placeOf(message))
    }, 'committed')

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

  const read = (queue: Queue, buffer: number): Reader => {
    const slot = slots.get(queue)
    if (!slot) throw new RangeError(`there is no queue ${queue}`)
    const held = new Set<number>()
    let ready: Message[] = []
    let listener = () => {}
    const open: OpenReader = {
      room: () => buffer - held.size,
      give: (message) => {
        held.add(message.sequence)
        if (ready.push(message) === 1) queueMicrotask(() => listener())
      },
    }
    /** Applies a change to the messages still held, in one write, and releases them. */
    const settle = async <T>(messages: readonly Message[], change: (mine: readonly Message[]) => T) => {
      const mine = messages.filter(({ sequence }) => held.has(sequence))
      const result = await write(() => change(mine), 'committed')
      for (const { sequence } of mine) held.delete(sequence)
      return result
    }
    const removeAll = (messages: readonly Message[]) =>
      remove.run(JSON.stringify(messages.map(placeOf))).changes

    slot.readers.push(open)
    wake(queue)
    return {
      queue,
      get ready() {
        return ready.length
      },
      take: (max) => ready.splice(0, max),
      onReady: (given) => {
        listener = given
        if (ready.length > 0) queueMicrotask(given)
      },
      ack: async (messages) => {
        size.inQueue(queue, -(await settle(messages, removeAll)))
        if (slot.more) wake(queue)
      },
      retry: async (messages, delayMs) => {
        const due = delayMs > 0 ? now() + delayMs : AT_ONCE
        await settle(messages, (mine) => {
          for (const message of mine) putBack.run(due, message.deliveries, placeOf(message))
        })
        if (delayMs > 0) dueAt(due)
        wake(queue)
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
            removed: removeAll(mine),
          }),
        )
        size.kept(changes.kept)
        size.inQueue(queue, -changes.removed)
        wake(queue)
      },
      close: async () => {
        slot.readers = slot.readers.filter((each) => each !== open)
        const untaken = ready
        ready = []
        await giveBack(untaken)
        for (const { sequence } of untaken) held.delete(sequence)
        wake(queue)
      },
    }
  }

  return {
    wake,
    read,
    stop: () => {
      closed = true
    },
  }
}
