import { type Lane, laneOf } from '@carillon/schemas'
import type Libsql from 'libsql'
import { DEDUPE_WINDOW_MS, type OutgoingMessage, type Published } from '../port.ts'

/** What a batch of appends changed: messages per lane, schedules more or less, and the first of them to wait for. */
export type Appended = { published: Published[]; lanes: Map<Lane, number>; kept: number; earliest: number }

/** A message whose subject has been checked. Events have no lane: nobody in this process reads them. */
export type Routed = OutgoingMessage & { lane: Lane | undefined }

/** Throws SubjectError for a subject that neither a lane nor the event feed carries. */
export const routed = (message: OutgoingMessage): Routed => ({
  ...message,
  lane: message.subject.startsWith('event.') ? undefined : laneOf(message.subject),
})

/** The statements that append; each runs inside a write. */
export const appender = (handle: Libsql.Database) => {
  const insertMessage = handle.prepare(
    'INSERT INTO stream_messages (lane, subject, data, dedupe, appended) VALUES (?, ?, ?, ?, ?)',
  )
  const insertEvent = handle.prepare('INSERT INTO stream_events (subject, data, appended) VALUES (?, ?, ?)')
  const insertSchedule = handle.prepare(
    'INSERT INTO stream_schedules (key, at, lane, subject, data) VALUES (?, ?, ?, ?, ?)',
  )
  const deleteSchedule = handle.prepare('DELETE FROM stream_schedules WHERE key = ?')
  const seen = handle.prepare('SELECT sequence, at FROM stream_dedupe WHERE id = ?')
  const forget = handle.prepare('DELETE FROM stream_dedupe WHERE id = ?')
  const remember = handle.prepare('INSERT INTO stream_dedupe (id, sequence, at) VALUES (?, ?, ?)')
  const dueSchedules = handle.prepare('SELECT * FROM stream_schedules WHERE at <= ? ORDER BY at LIMIT ?')

  const put = (message: Routed, at: number, changes: Appended): number => {
    const { subject, data, dedupe = null, schedule, lane } = message
    if (!lane) return insertEvent.run(subject, data, at).lastInsertRowid as number
    if (schedule) changes.kept -= deleteSchedule.run(schedule.key).changes
    if (schedule && schedule.at > at) {
      changes.kept++
      changes.earliest = Math.min(changes.earliest, schedule.at)
      return insertSchedule.run(schedule.key, schedule.at, lane, subject, data).lastInsertRowid as number
    }
    changes.lanes.set(lane, (changes.lanes.get(lane) ?? 0) + 1)
    return insertMessage.run(lane, subject, data, dedupe, at).lastInsertRowid as number
  }

  const nothing = (): Appended => ({ published: [], lanes: new Map(), kept: 0, earliest: Infinity })

  return {
    append(messages: readonly Routed[], at: number): Appended {
      const changes = nothing()
      for (const message of messages) {
        // Each family dedupes by itself, as each is a stream of its own on NATS.
        const id = message.dedupe && `${message.subject.split('.', 1)[0]}\n${message.dedupe}`
        const before = id && (seen.get(id) as { sequence: number; at: number } | undefined)
        if (before && before.at > at - DEDUPE_WINDOW_MS) {
          changes.published.push({ sequence: before.sequence, duplicate: true })
          continue
        }
        const sequence = put(message, at, changes)
        if (before) forget.run(id)
        if (id) remember.run(id, sequence, at)
        changes.published.push({ sequence, duplicate: false })
      }
      return changes
    },

    /** Moves up to `max` schedules whose time has come into their lanes, as messages of their own. */
    fire(at: number, max: number): Appended {
      const changes = nothing()
      for (const { key, lane, subject, data } of dueSchedules.all(at, max) as {
        key: string
        lane: Lane
        subject: string
        data: ArrayBuffer
      }[]) {
        const message = { lane, subject, data: new Uint8Array(data), schedule: { key, at } }
        const sequence = put(message, at, changes)
        changes.published.push({ sequence, duplicate: false })
      }
      return changes
    },

    /** How many there were to remove. */
    cancel: (keys: readonly string[]): number =>
      keys.reduce((removed, key) => removed + deleteSchedule.run(key).changes, 0),
  }
}
