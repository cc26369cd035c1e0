import { type Queue, queueOf, type WaitReason, waitReasonOf } from '@carillon/schemas'
import type Libsql from 'libsql'
import { headersText } from '../headers.ts'
import type { Message, OutgoingMessage, Published } from '../port.ts'
import { earlierUse } from './dedupe.ts'
import { placeOf } from './tables.ts'

/** Changes of a batch: new messages per queue, the net change of schedules by reason, and the earliest schedule. */
export type Appended = {
  published: Published[]
  queues: Map<Queue, number>
  scheduled: Map<WaitReason | undefined, number>
  earliest: number
}

/** A message with a checked subject. Events have no queue, because nothing in this process reads them. */
export type Routed = OutgoingMessage & { queue: Queue | undefined }

/** Throws SubjectError if the subject belongs neither to a queue nor to the events. */
export const routed = (message: OutgoingMessage): Routed => ({
  // Spread last, which is faster.
  queue: message.subject.startsWith('event.') ? undefined : queueOf(message.subject),
  ...message,
})

const nothing = (): Appended => ({
  published: [],
  queues: new Map(),
  scheduled: new Map(),
  earliest: Infinity,
})

/** Returns the appending statements. Call each inside a write. */
export const appender = (handle: Libsql.Database) => {
  const insertMessage = handle.prepare(
    'INSERT INTO stream_messages (place, subject, data, dedupe, headers, appended) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const earlier = earlierUse(handle)
  const insertEvent = handle.prepare(
    'INSERT INTO stream_events (sequence, subject, data, appended) VALUES (?, ?, ?, ?)',
  )
  const insertSchedule = handle.prepare(
    'INSERT INTO stream_schedules (sequence, key, at, queue, subject, data) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const deleteSchedule = handle.prepare('DELETE FROM stream_schedules WHERE key = ?')
  const deleteGroup = handle.prepare(`
    DELETE FROM stream_schedules WHERE sequence IN
      (SELECT sequence FROM stream_schedules WHERE key > ? AND key < ? LIMIT ?)`)
  const dueSchedules = handle.prepare('SELECT * FROM stream_schedules WHERE at <= ? ORDER BY at LIMIT ?')
  const saveLast = handle.prepare('UPDATE stream_last SET message = ?, event = ?')
  /** The last sequences used. Sequences of a rolled-back append stay unused. */
  const last = handle.prepare('SELECT message, event FROM stream_last').get() as {
    message: number
    event: number
  }

  const count = ({ scheduled }: Pick<Appended, 'scheduled'>, key: string, change: number) => {
    const reason = waitReasonOf(key)
    scheduled.set(reason, (scheduled.get(reason) ?? 0) + change)
  }

  const put = (message: Routed, sequence: number, at: number, changes: Appended) => {
    const { subject, data, dedupe = null, headers, schedule, queue } = message
    if (!queue) return insertEvent.run(sequence, subject, data, at)
    if (schedule) count(changes, schedule.key, -deleteSchedule.run(schedule.key).changes)
    if (schedule && schedule.at > at) {
      count(changes, schedule.key, 1)
      changes.earliest = Math.min(changes.earliest, schedule.at)
      return insertSchedule.run(sequence, schedule.key, schedule.at, queue, subject, data)
    }
    changes.queues.set(queue, (changes.queues.get(queue) ?? 0) + 1)
    return insertMessage.run(
      placeOf({ queue, sequence }),
      subject,
      data,
      dedupe,
      headersText(headers) ?? null,
      at,
    )
  }

  return {
    /** Returns the sequence of a message that is not appended yet. It is not reused while the process runs. */
    next: (): number => ++last.message,

    /** Appends messages that have a sequence and that a reader holds. */
    insert(messages: readonly Message[]): void {
      for (const message of messages) {
        const { subject, data, headers, appendedAt } = message
        insertMessage.run(placeOf(message), subject, data, null, headersText(headers) ?? null, appendedAt)
      }
      saveLast.run(last.message, last.event)
    },

    append(messages: readonly Routed[], at: number): Appended {
      const changes = nothing()
      for (const message of messages) {
        const sequence = message.queue ? ++last.message : ++last.event
        const family = message.subject.split('.', 1)[0]
        // Families are deduplicated separately, like separate NATS streams; ids of `notify` belong to the
        // publishers.
        const id = family !== 'notify' && message.dedupe && `${family}\n${message.dedupe}`
        const before = id ? earlier(id, sequence, at) : undefined
        if (before !== undefined) {
          changes.published.push({ sequence: before, duplicate: true })
          continue
        }
        put(message, sequence, at, changes)
        changes.published.push({ sequence, duplicate: false })
      }
      saveLast.run(last.message, last.event)
      return changes
    },

    /** Moves up to `max` due schedules into their queues as new messages. */
    fire(at: number, max: number): Appended {
      const changes = nothing()
      for (const { key, queue, subject, data } of dueSchedules.all(at, max) as {
        key: string
        queue: Queue
        subject: string
        data: ArrayBuffer
      }[]) {
        const message = { queue, subject, data: new Uint8Array(data), schedule: { key, at } }
        const sequence = ++last.message
        put(message, sequence, at, changes)
        changes.published.push({ sequence, duplicate: false })
      }
      saveLast.run(last.message, last.event)
      return changes
    },

    cancel(keys: readonly string[]): Pick<Appended, 'scheduled'> {
      const changes: Pick<Appended, 'scheduled'> = { scheduled: new Map() }
      for (const key of keys) count(changes, key, -deleteSchedule.run(key).changes)
      return changes
    },

    /** Removes up to `max` schedules of a group. Returns their number. */
    cancelGroup: (group: string, max: number): number =>
      // '/' follows '.' in ASCII.
      deleteGroup.run(`${group}.`, `${group}/`, max).changes,
  }
}
