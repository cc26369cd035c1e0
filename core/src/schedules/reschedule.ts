import { nextRun } from '../calendar/recurrence.ts'
import { HORIZON_MS } from '../notification/horizon.ts'
import type { Store } from '../store/port.ts'
import type { StoredSchedule } from '../store/ports/schedules.ts'
import type { Stream } from '../stream/port.ts'
import { type RunWork, runKey, runMessage } from './run-message.ts'

/** Returns when the next message of a schedule is due; undefined if it never runs again, or is paused. */
const nextWork = (
  { id, definition, changedAt }: StoredSchedule,
  handledUntil: number,
): RunWork | undefined => {
  const after = Math.max(handledUntil, changedAt)
  const run = definition.paused ? undefined : nextRun(definition, after)
  // A run beyond the horizon of the log is computed again on the way.
  return run && { id, after, at: Math.min(run.at, after + HORIZON_MS) }
}

/**
 * Creates the function that schedules the next run of a stored schedule after `handledUntil` (epoch ms) in the log. It cancels
 * the message if the schedule is deleted, paused or has ended. Idempotent. Of concurrent calls and writes, the last write wins:
 * the schedule is read again after the message is published.
 */
export const createReschedule =
  ({ store, stream }: { store: Pick<Store, 'schedules'>; stream: Pick<Stream, 'publish' | 'cancel'> }) =>
  async (tenant: string, id: string, handledUntil: number): Promise<void> => {
    let stored = await store.schedules.get(tenant, id)
    for (;;) {
      const work = stored && nextWork(stored, handledUntil)
      if (work) await stream.publish([runMessage(tenant, work)])
      else await stream.cancel([runKey(tenant, id)])
      const current = await store.schedules.get(tenant, id)
      if (current?.revision === stored?.revision) return
      stored = current
    }
  }

export type Reschedule = ReturnType<typeof createReschedule>
