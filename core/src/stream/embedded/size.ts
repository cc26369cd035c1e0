import type { Queue } from '@carillon/schemas'
import type Libsql from 'libsql'
import { ProblemError } from '../../errors.ts'
import { QUEUES } from '../queues.ts'
import { end, start } from './tables.ts'

/**
 * Tracks the size of the log: messages per queue, and schedules and dead letters (`kept`). Counts once on opening, then
 * after every commit.
 */
export const sizeOf = (handle: Libsql.Database, max: number) => {
  const waiting = handle.prepare('SELECT count(*) AS n FROM stream_messages WHERE place > ? AND place < ?')
  const queues = new Map(
    QUEUES.map((queue): [Queue, number] => [
      queue,
      (waiting.get(start(queue), end(queue)) as { n: number }).n,
    ]),
  )
  const { n } = handle
    .prepare('SELECT (SELECT COUNT(*) FROM stream_schedules) + (SELECT COUNT(*) FROM stream_dead) AS n')
    .get() as { n: number }
  let total = [...queues.values()].reduce((sum, each) => sum + each, n)

  return {
    queues: queues as ReadonlyMap<Queue, number>,
    inQueue(queue: Queue, change: number) {
      queues.set(queue, (queues.get(queue) ?? 0) + change)
      total += change
    },
    kept(change: number) {
      total += change
    },
    /** Reserves room for `count` messages. Returns a function that cancels the reservation. Throws `stream_full`. */
    reserve(count: number) {
      if (total + count > max) throw new ProblemError('stream_full', `the event log holds ${total} messages`)
      total += count
      return () => {
        total -= count
      }
    },
  }
}

export type Size = ReturnType<typeof sizeOf>
