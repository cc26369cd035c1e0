import { type Queue, type WaitReason, waitReasonOf } from '@carillon/schemas'
import type Libsql from 'libsql'
import { ProblemError } from '../../errors.ts'
import { QUEUES } from '../queues.ts'
import { end, start } from './tables.ts'

type ByReason = ReadonlyMap<WaitReason | undefined, number>

const byReason = (handle: Libsql.Database): Map<WaitReason | undefined, number> => {
  const counted = handle
    .prepare(
      `WITH keys AS (SELECT substr(key, instr(substr(key, 10), '.') + 10) AS rest FROM stream_schedules)
       SELECT substr(rest, 1, instr(rest, '.') - 1) AS reason, count(*) AS n FROM keys GROUP BY 1`,
    )
    .all() as { reason: string; n: number }[]
  return new Map(counted.map(({ reason, n }) => [waitReasonOf(`schedule.t.${reason}`), n]))
}

/**
 * Tracks the size of the log: messages per queue, schedules by reason, and dead letters (`kept`). Counts once on opening,
 * then after every commit.
 */
export const sizeOf = (handle: Libsql.Database, max: number) => {
  const waiting = handle.prepare('SELECT count(*) AS n FROM stream_messages WHERE place > ? AND place < ?')
  const queues = new Map(
    QUEUES.map((queue): [Queue, number] => [
      queue,
      (waiting.get(start(queue), end(queue)) as { n: number }).n,
    ]),
  )
  const reasons = byReason(handle)
  const { n } = handle.prepare('SELECT COUNT(*) AS n FROM stream_dead').get() as { n: number }
  let total = [...queues.values(), ...reasons.values()].reduce((sum, each) => sum + each, n)

  return {
    queues: queues as ReadonlyMap<Queue, number>,
    inQueue(queue: Queue, change: number) {
      queues.set(queue, (queues.get(queue) ?? 0) + change)
      total += change
    },
    /** Schedules by reason; `undefined` for those of an earlier version. */
    reasons: reasons as ByReason,
    scheduled(changes: ByReason) {
      for (const [reason, change] of changes) {
        reasons.set(reason, (reasons.get(reason) ?? 0) + change)
        total += change
      }
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
