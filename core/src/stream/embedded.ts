import { type Clock, systemClock } from '../clock.ts'
import { ProblemError, UnavailableError } from '../errors.ts'
import type { Database } from '../sqlite/database.ts'
import { type Appended, appender } from './embedded/append.ts'
import { canceller } from './embedded/cancel.ts'
import { deadLetters } from './embedded/dead-letters.ts'
import { startTimer } from './embedded/due.ts'
import { createHandOver } from './embedded/hand-over.ts'
import { createPublish } from './embedded/publish.ts'
import { startPurging } from './embedded/purge.ts'
import { embeddedQueues } from './embedded/queues.ts'
import { sizeOf } from './embedded/size.ts'
import { openTables } from './embedded/tables.ts'
import { unwrittenMessages } from './embedded/unwritten.ts'
import { waitingOf } from './embedded/waiting.ts'
import { failure, syncer, writer } from './embedded/write.ts'
import type { Stream } from './port.ts'

const MAX_MESSAGES = 5_000_000
/** Maximum number of schedules that fire in one write. */
const FIRE_CHUNK = 500

/**
 * Returns the event log in an SQLite file, for one process. The caller owns the database; `close` does not close it. Durable:
 * before `publish` resolves, each message is synced to disk, or acked and everything committed until then is synced. A delivery
 * of a written message is recorded before it is handed out. Rejects with `stream_full` above `maxMessages` unfinished messages,
 * schedules and dead letters.
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

  /** Returns an asynchronous call that rejects once the stream is closed. */
  const whileOpen =
    <Given extends unknown[], Answer>(call: (...given: Given) => Answer | Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      open()
      return call(...given)
    }

  /** Updates sizes and timers after a commit. */
  const settle = ({ queues: grown, scheduled, earliest }: Appended) => {
    for (const [queue, count] of grown) size.inQueue(queue, count)
    size.scheduled(scheduled)
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

  const unwritten = unwrittenMessages({
    write,
    synced: syncer(database),
    size,
    insert: log.insert,
    onWritten: ({ queue }) => queues.wake(queue),
  })
  const queues = embeddedQueues({
    handle,
    write,
    unwritten,
    size,
    now,
    dueAt: timer.set,
    deposit: (letter) => dead.deposit(letter, now()),
  })
  const scheduled = canceller({ write, log, size })
  const waiting = waitingOf(handle, size)
  const stopPurging = startPurging({ handle, write, size, now })

  const handOver = createHandOver({ queues, unwritten, next: log.next, now })

  return {
    publish: whileOpen(createPublish({ write, log, size, queues, handOver, settle, now })),
    cancel: whileOpen(scheduled.cancel),
    cancelGroup: whileOpen(scheduled.cancelGroup),
    now: whileOpen(now),
    read: whileOpen((queue, { buffer }) => queues.read(queue, buffer)),
    deadLetters: whileOpen(dead.list),
    deadLetter: whileOpen(dead.get),
    removeDeadLetter: async (sequence) => {
      open()
      size.kept(-(await write(() => dead.remove(sequence))))
    },
    backlog: whileOpen(() => new Map(size.queues)),
    waiting: whileOpen(() => waiting(now())),
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
