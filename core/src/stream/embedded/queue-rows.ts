import type Libsql from 'libsql'
import type { Message } from '../port.ts'
import { placeOf, type Row } from './tables.ts'

/** A `due` in the past: redeliver immediately. */
export const AT_ONCE = 1

/** The places of a queue after `cursor`, up to `end`. `number` is the number of the queue. */
type Waiting = { number: number; cursor: number; end: number }

type Taken = { rows: Row[]; cursor: number; full: boolean }

/** Creates the statements that take messages from the queues and return them. Call each inside a write. */
export const queueRows = (handle: Libsql.Database) => {
  const columns = 'place, subject, data, dedupe, headers, appended, deliveries'
  const fresh = handle.prepare(`
    SELECT ${columns} FROM stream_messages WHERE place > ? AND place < ? AND due = 0 ORDER BY place LIMIT ?`)
  const again = handle.prepare(`
    SELECT ${columns} FROM stream_messages WHERE queue = ? AND due > 0 AND due <= ? ORDER BY due, place LIMIT ?`)
  const inHand = handle.prepare('UPDATE stream_messages SET due = 0 WHERE place = ?')
  const mark = handle.prepare('INSERT OR REPLACE INTO stream_queues (queue, delivered) VALUES (?, ?)')
  const remove = handle.prepare('DELETE FROM stream_messages WHERE place IN (SELECT value FROM json_each(?))')
  const putBack = handle.prepare('UPDATE stream_messages SET due = ?, deliveries = ? WHERE place = ?')
  return {
    /**
     * Takes up to `max` messages, redeliveries first, and records that they were handed out. `full`: whether there may be more.
     */
    take: ({ number, cursor, end }: Waiting, now: number, max: number): Taken => {
      const rows = again.all(number, now, max) as Row[]
      for (const { place } of rows) inHand.run(place)
      const found = fresh.all(cursor, end, max - rows.length) as Row[]
      const last = found.at(-1)?.place ?? cursor
      if (found.length > 0) mark.run(number, last)
      const full = rows.length + found.length === max
      if (rows.length === 0) return { rows: found, cursor: last, full }
      // A message that a reader held before it was written may be a redelivery and above the cursor.
      const taken = new Set(rows.map(({ place }) => place))
      return { rows: [...rows, ...found.filter(({ place }) => !taken.has(place))], cursor: last, full }
    },

    /** Makes messages deliverable again at `due` (epoch ms). */
    retry: (messages: readonly Message[], due: number): void => {
      for (const message of messages) putBack.run(due, message.deliveries, placeOf(message))
    },

    /** Returns messages that no reader took. Their delivery does not count. */
    giveBack: (messages: readonly Message[]): void => {
      for (const message of messages) putBack.run(AT_ONCE, message.deliveries - 1, placeOf(message))
    },

    /** Returns the number of removed messages. */
    remove: (messages: readonly Message[]): number =>
      remove.run(JSON.stringify(messages.map(placeOf))).changes,
  }
}

export type QueueRows = ReturnType<typeof queueRows>
