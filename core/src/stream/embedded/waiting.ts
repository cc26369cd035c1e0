import { type Queue, WAIT_REASONS } from '@carillon/schemas'
import type Libsql from 'libsql'
import type { Waiting } from '../port.ts'
import type { Size } from './size.ts'
import { end, start } from './tables.ts'

/** Returns a function that tells what waits: the counts are in memory, and the oldest is first in an index. */
export const waitingOf = (handle: Libsql.Database, size: Size) => {
  const oldest = handle.prepare(
    'SELECT appended AS at FROM stream_messages WHERE place > ? AND place < ? ORDER BY place LIMIT 1',
  )
  const overdue = handle.prepare('SELECT queue, at FROM stream_schedules WHERE at <= ? ORDER BY at LIMIT 1')

  return (now: number): Waiting => {
    const since = new Map<Queue, number>()
    for (const [queue, unfinished] of size.queues) {
      const row = unfinished > 0 ? oldest.get(start(queue), end(queue)) : undefined
      if (row) since.set(queue, (row as { at: number }).at)
    }
    // Due, and not yet moved into its queue.
    const first = overdue.get(now) as { queue: Queue; at: number } | undefined
    if (first) since.set(first.queue, Math.min(first.at, since.get(first.queue) ?? Infinity))
    return {
      scheduled: new Map(WAIT_REASONS.map((reason) => [reason, size.reasons.get(reason) ?? 0])),
      oldest: since,
    }
  }
}
