import { type Clock, systemClock } from '../clock.ts'
import { ProblemError, UnavailableError } from '../errors.ts'
import type { Database } from '../sqlite/database.ts'
import { type Appended, appender, routed } from './embedded/append.ts'
import { canceller } from './embedded/cancel.ts'
import { deadLetters } from './embedded/dead-letters.ts'
import { startTimer } from './embedded/due.ts'
import { startPurging } from './embedded/purge.ts'
import { embeddedQueues } from './embedded/queues.ts'
import { sizeOf } from './embedded/size.ts'
import { openTables } from './embedded/tables.ts'
import { failure, writer } from './embedded/write.ts'
import type { Stream } from './port.ts'

const MAX_MESSAGES = 5_000_000
/** Maximum number of schedules that fire in one write. */
const FIRE_CHUNK = 500

/**
 * Returns the event log in an SQLite file, for one process. The caller owns the database; `close` does not
 * close it. Durable: messages are synced to disk before `publish` resolves, and a delivery is recorded before
 * the message is handed out. Rejects with `stream_full` above `maxMessages` unfinished messages, schedules
 * and dead letters.
 */
export const embeddedStream = ({
  database,
  maxMessages = MAX_MESSAGES,
  clock = systemClock,
}: {
  database: Database
  maxMessages?: number
  clock?: Clock
}): Stream => {
  const { handle } = database
  const { now } = clock
  openTables(handle)
  const write = writer(database)
  const size = sizeOf(handle, maxMessages)
  const log = appender(handle)
  const dead = deadLetters(handle)
  let closed = false

  const open = () => {
    if (closed) throw new UnavailableError('stream', new Error('the stream is closed'))
  }

  /** Updates sizes and timers after a commit. */
  const settle = ({ queues: grown, kept, earliest }: Appended) => {
    for (const [queue, count] of grown) size.inQueue(queue, count)
    size.kept(kept)
    timer.set(earliest)
  }
  const timer = startTimer({
    handle,
    clock,
    wake: (queue) => queues.wake(queue),
    fire: async (time) => {
      const fired = await write(() => log.fire(time, FIRE_CHUNK))
      settle(fired)
      for (const queue of fired.queues.keys()) queues.wake(queue)
    },
  })

  const queues = embeddedQueues({
    handle,
    write,
    size,
    now,
    dueAt: timer.set,
    deposit: (letter) => dead.deposit(letter, now()),
  })
  const waiting = canceller({ write, log, size })
  const stopPurging = startPurging({ handle, write, size, now })

  return {
    publish: async (messages) => {
      open()
      const all = messages.map(routed)
      const release = size.reserve(all.length)
      try {
        const appending = write(() => log.append(all, now()))
        // Wakes readers now, so that their reads join this commit.
        for (const queue of new Set(all.map(({ queue }) => queue))) if (queue) queues.wake(queue)
        const appended = await appending
        settle(appended)
        return appended.published
      } finally {
        release()
      }
    },
    cancel: async (keys) => {
      open()
      return waiting.cancel(keys)
    },
    cancelGroup: async (group) => {
      open()
      return waiting.cancelGroup(group)
    },
    now: async () => {
      open()
      return now()
    },
    read: async (queue, { buffer }) => {
      open()
      return queues.read(queue, buffer)
    },
    deadLetters: async (query) => {
      open()
      return dead.list(query)
    },
    deadLetter: async (tenant, sequence) => {
      open()
      return dead.get(tenant, sequence)
    },
    removeDeadLetter: async (sequence) => {
      open()
      size.kept(-(await write(() => dead.remove(sequence))))
    },
    backlog: async () => {
      open()
      return new Map(size.queues)
    },
    check: async () => {
      open()
      try {
        await database.check()
      } catch (error) {
        const meaning = failure(error)
        throw meaning instanceof ProblemError ? meaning : new UnavailableError('stream', error)
      }
    },
    close: async () => {
      if (closed) return
      closed = true
      timer.stop()
      queues.stop()
      await stopPurging()
      await write(() => undefined)
    },
  }
}
