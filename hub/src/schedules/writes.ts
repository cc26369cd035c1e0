import { randomUUID } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import { createReschedule } from '@carillon/core/schedules/reschedule'
import { runMessage } from '@carillon/core/schedules/run-message'
import type { Sender } from '@carillon/core/security/api-keys'
import type { Store } from '@carillon/core/store/port'
import type { StoredSchedule } from '@carillon/core/store/ports/schedules'
import type { Stream } from '@carillon/core/stream/port'
import type { ScheduleInput } from '@carillon/schemas'
import { hasChanged } from '../http/if-match.ts'

/** Maximum schedules per tenant. */
export const SCHEDULES_MAX = 1_000
/** How long after an interrupted write dispatchers look at the schedule, in ms. */
const REPAIR_MS = 10_000
/** How far back they look for runs of the previous version of the schedule, in ms. Runs that were sent are not sent again. */
const LOOK_BACK_MS = 30_000

const areEqual = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other)

/**
 * Writes schedules, and schedules their next run in the log. Before a write, the log gets a message that makes
 * dispatchers look at the schedule soon. The message for the next run replaces it, so that a crash in between loses no run.
 */
export const createScheduleWrites = ({
  store,
  stream,
}: {
  store: Pick<Store, 'schedules'>
  stream: Pick<Stream, 'publish' | 'cancel'>
}) => {
  const { schedules } = store
  const reschedule = createReschedule({ store, stream })

  /** Makes a change, which resolves with undefined if its condition did not hold. Throws `precondition_failed` then. */
  const write = async <Value>(
    tenant: string,
    id: string,
    change: (now: number) => Promise<Value | undefined>,
  ): Promise<Value> => {
    const now = Date.now()
    const after = now - LOOK_BACK_MS
    await stream.publish([runMessage(tenant, { id, after, at: now + REPAIR_MS })])
    const changed = await change(now)
    await reschedule(tenant, id, after)
    if (changed === undefined) throw hasChanged()
    return changed
  }

  const quotaExceeded = () =>
    new ProblemError('quota_exceeded', `a tenant has at most ${SCHEDULES_MAX} schedules`)

  const checkQuota = async (tenant: string) => {
    if ((await schedules.count(tenant)) >= SCHEDULES_MAX) throw quotaExceeded()
  }

  /**
   * Takes a new schedule back if others that were written at the same time have filled the quota. All of them may be taken back,
   * but none stays beyond it.
   */
  const checkAgain = async (tenant: string, { id, revision }: StoredSchedule) => {
    if ((await schedules.count(tenant)) <= SCHEDULES_MAX) return
    await schedules.remove(tenant, id, revision)
    throw quotaExceeded()
  }

  return {
    /**
     * Stores a schedule in place of `current`, unless it is the same, and resolves with it. With `expected`, throws
     * `precondition_failed` if the stored one has another revision. Throws `quota_exceeded`.
     */
    put: async (
      { tenant, key: sender }: Pick<Sender, 'tenant' | 'key'>,
      { id, definition }: { id: string; definition: ScheduleInput },
      { current, expected }: { current: StoredSchedule | undefined; expected: string | undefined },
    ): Promise<StoredSchedule> => {
      if (!current) await checkQuota(tenant)
      if (current?.sender === sender && areEqual(current.definition, definition)) {
        await reschedule(tenant, id, Date.now() - LOOK_BACK_MS)
        return current
      }
      return write(tenant, id, async (now) => {
        const schedule = { id, definition, sender, revision: randomUUID(), changedAt: now }
        if (!(await schedules.put(tenant, schedule, expected))) return undefined
        if (!current) await checkAgain(tenant, schedule)
        return schedule
      })
    },

    /** Deletes a schedule, if it exists. With `expected`, throws `precondition_failed` if it has another revision. */
    remove: async (tenant: string, id: string, expected: string | undefined): Promise<void> => {
      await write(tenant, id, async () => (await schedules.remove(tenant, id, expected)) || undefined)
    },
  }
}

export type ScheduleWrites = ReturnType<typeof createScheduleWrites>
